import { Badge } from "@/components/ui/badge";
import type { SecretMetadata } from "@/lib/secrets/schema";

const dayMs = 86_400_000;
const warnDays = 30;

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
  return <Badge>Expires in {roughly(days)}</Badge>;
}

function roughly(days: number): string {
  if (days <= 90) return `${days} days`;
  const months = Math.floor(days / 30.44);
  return months < 24 ? `${months} months` : `${Math.floor(months / 12)} years`;
}
