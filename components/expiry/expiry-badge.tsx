import { Badge } from "@/components/ui/badge";
import { daysUntil, type Expiry, expiringDays } from "@/lib/expiry/schema";

/** The days until a thing expires, if they are few enough to act on. */
export function ExpiryBadge({ expiry }: { expiry: Pick<Expiry, "at"> | null }) {
  const days = expiry ? daysUntil(expiry.at, new Date()) : expiringDays;
  if (days < 0) return <Badge tone="danger">Expired</Badge>;
  return days < expiringDays ? <Badge tone="warning">{expiresText(days)}</Badge> : null;
}

function expiresText(days: number): string {
  if (days === 0) return "Expires today";
  return `Expires in ${days === 1 ? "1 day" : `${days} days`}`;
}
