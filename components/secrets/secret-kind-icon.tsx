import { FileKey, KeyRound, type LucideIcon, ShieldUser, UserLock } from "lucide-react";
import type { SecretKind } from "@/lib/secrets/kinds/define";
import { type SubKind, secretKinds } from "@/lib/secrets/kinds/registry";

const icons: Record<SecretKind["icon"], LucideIcon> = {
  key: KeyRound,
  file: FileKey,
  login: UserLock,
  client: ShieldUser,
};

export function SecretKindIcon({ subKind, className }: { subKind: SubKind; className?: string }) {
  const Icon = icons[secretKinds[subKind].icon];
  return <Icon aria-hidden className={className} />;
}
