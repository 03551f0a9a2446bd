import { Badge } from "@/components/ui/badge";
import { RelativeTime } from "@/components/ui/relative-time";
import type { TokenStatus } from "@/lib/pipeline-tokens/schema";

const statuses = {
  active: { label: "Active", tone: "success" },
  expired: { label: "Expired", tone: "warning" },
  revoked: { label: "Revoked", tone: "neutral" },
} as const;

export function TokenStatusBadge({ status }: { status: TokenStatus }) {
  return <Badge tone={statuses[status].tone}>{statuses[status].label}</Badge>;
}

export function TokenExpiry({
  token: { expiresAt, revokedAt, revokedByName },
}: {
  token: { expiresAt: Date | null; revokedAt: Date | null; revokedByName?: string | null };
}) {
  if (revokedAt)
    return (
      <>
        Revoked <RelativeTime date={revokedAt} />
        {revokedByName && ` by ${revokedByName}`}
      </>
    );
  return expiresAt ? <RelativeTime date={expiresAt} /> : "Never";
}
