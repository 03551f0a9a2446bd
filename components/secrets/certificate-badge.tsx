import { Badge } from "@/components/ui/badge";
import type { SecretMetadata } from "@/lib/secrets/schema";

const dayMs = 86_400_000;
const warnDays = 30;

/** The days until a certificate expires, if they are few enough to act on. */
export function CertificateBadge({
  certificate,
}: {
  certificate: NonNullable<SecretMetadata["certificate"]>;
}) {
  const expiresAt = new Date(certificate.expiresAt);
  const leftMs = expiresAt.getTime() - Date.now();
  const days = Math.floor(leftMs / dayMs);
  if (leftMs <= 0) return <Badge tone="danger">Expired</Badge>;
  if (days < 1) return <Badge tone="warning">Expires today</Badge>;
  if (days < warnDays)
    return <Badge tone="warning">Expires in {days === 1 ? "1 day" : `${days} days`}</Badge>;
  return days <= 90 ? <Badge>Expires in {days} days</Badge> : null;
}
