import { Banner } from "@/components/ui/banner";
import { amountText, type QuotaUse, quotas, remedyText } from "@/lib/quotas/schema";

/** Says which limits are nearly reached, before a write is refused. */
export function QuotaNotices({ uses }: { uses: readonly QuotaUse[] }) {
  return uses.map((use) => (
    <Banner
      key={use.quota}
      tone={use.used >= use.limit ? "danger" : "warning"}
      title={`${quotas[use.quota].owner} has ${amountText(use)}`}
    >
      {use.used >= use.limit ? "No more can be added. " : ""}
      {remedyText(use.quota)}
    </Banner>
  ));
}
