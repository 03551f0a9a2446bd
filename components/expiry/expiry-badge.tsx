import { Badge } from "@/components/ui/badge";
import { daysUntil, type Expiry, expiringDays, whenText } from "@/lib/expiry/schema";

/** When a thing expires, if that is soon enough to act on. */
export function ExpiryBadge({ expiry }: { expiry: Pick<Expiry, "at"> | null }) {
  if (!expiry) return null;
  const now = new Date();
  const days = daysUntil(expiry.at, now);
  if (days < 0) return <Badge tone="danger">Expired</Badge>;
  return days < expiringDays ? <Badge tone="warning">Expires {whenText(expiry.at, now)}</Badge> : null;
}
