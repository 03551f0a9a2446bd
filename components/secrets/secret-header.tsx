import type { ReactNode } from "react";
import { ExpiryBadge } from "@/components/expiry/expiry-badge";
import { SecretKindIcon } from "@/components/secrets/secret-kind-icon";
import { BackLink } from "@/components/ui/back-link";
import { Badge } from "@/components/ui/badge";
import { secretKinds } from "@/lib/secrets/kinds/registry";
import type { SecretDetail } from "@/lib/secrets/schema";

export function SecretHeader({
  fabricId,
  secret: { name, subKind, description, expiry },
  children,
}: {
  fabricId: string;
  secret: SecretDetail;
  children: ReactNode;
}) {
  return (
    <header className="flex flex-col gap-3">
      <BackLink href={`/metadata/fabrics/${fabricId}/secrets`}>All secrets</BackLink>
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0 max-w-2xl [overflow-wrap:anywhere]">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
            <h2 className="min-w-0 font-semibold text-xl">{name}</h2>
            <Badge icon={<SecretKindIcon subKind={subKind} />}>{secretKinds[subKind].label}</Badge>
            <ExpiryBadge expiry={expiry} />
          </div>
          {description && <p className="mt-1 whitespace-pre-line text-muted">{description}</p>}
        </div>
        <div className="flex flex-wrap items-center gap-2">{children}</div>
      </div>
    </header>
  );
}
