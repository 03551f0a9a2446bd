import { ExpiryBadge } from "@/components/expiry/expiry-badge";
import { ExpiryDate } from "@/components/expiry/expiry-date";
import type { Expiry } from "@/lib/expiry/schema";

/** When a row's value expires, with a warning when that is soon. */
export function SecretExpiryCell({ expiry }: { expiry: Expiry | null }) {
  if (!expiry) return <span className="text-faint">Never</span>;
  return (
    <div className="flex flex-col items-start gap-1">
      <ExpiryDate expiry={expiry} />
      <ExpiryBadge expiry={expiry} />
    </div>
  );
}
