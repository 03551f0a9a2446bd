import { FileKey, KeyRound, type LucideIcon, ShieldUser, UserLock } from "lucide-react";
import type { ZodType } from "zod";
import { type SubKind, secretKinds } from "@/lib/secrets/kinds/registry";

const icons: Record<SubKind, LucideIcon> = {
  text: KeyRound,
  binary: FileKey,
  username_password: UserLock,
  m2m_oauth: ShieldUser,
};

export function SecretKindIcon({ subKind, className }: { subKind: SubKind; className?: string }) {
  const Icon = icons[subKind];
  return <Icon aria-hidden className={className} />;
}

/** The title of a type's field, from the type's schema. */
export function fieldTitle(subKind: SubKind, field: string): string {
  const shape: Record<string, ZodType> = secretKinds[subKind].fields.shape;
  return shape[field]?.meta()?.title ?? field;
}
