import { ReviewButtons } from "@/components/destinations/review-buttons";
import { DetailItem, DetailList } from "@/components/secrets/detail-section";
import { Breakable } from "@/components/ui/breakable";
import { Link } from "@/components/ui/link";
import { RelativeTime } from "@/components/ui/relative-time";
import { formatDestination } from "@/lib/connectors/format-destination";
import type { ToReview } from "@/lib/destinations/schema";

/**
 * For Admins: destinations that an upgrade allowed because they were in use. Renders nothing once all are
 * reviewed.
 */
export function ReviewSection({
  fabricId,
  review: { destinations, total },
}: {
  fabricId: string;
  review: ToReview;
}) {
  if (total === 0) return null;
  const hidden = total - destinations.length;
  return (
    <section aria-labelledby="review" className="flex flex-col gap-4">
      <div>
        <h2 id="review" className="scroll-mt-24 font-semibold text-lg">
          Destinations to review ({total})
        </h2>
        <p className="max-w-2xl text-pretty text-muted">
          Selvage now sends a secret only to allowed destinations. The upgrade allowed these, because
          connections or M2M OAuth secrets already used them. Checks use one only after you keep it. Remove
          any that you do not recognize.
        </p>
      </div>
      <div className="rounded-xl border border-line bg-surface px-4 py-3">
        <DetailList>
          {destinations.map((one) => (
            <DetailItem key={one.id}>
              <span className="min-w-0 flex-1 basis-72">
                <Link
                  href={`/metadata/fabrics/${fabricId}/secrets/${one.secret.id}`}
                  className="rounded-sm font-medium underline decoration-line-strong underline-offset-3 hover:text-accent-text"
                >
                  <Breakable text={one.secret.name} />
                </Link>{" "}
                to{" "}
                <span className="wrap-anywhere">
                  <Breakable text={formatDestination(one.destination)} />
                </span>
                <span className="block text-muted text-sm">
                  {one.connections ? `Used by ${one.connections}` : "Auth URL of the secret"} · allowed{" "}
                  <RelativeTime date={one.createdAt} />
                </span>
              </span>
              <ReviewButtons fabricId={fabricId} destination={one} />
            </DetailItem>
          ))}
        </DetailList>
        {hidden > 0 && (
          <p className="-mx-4 mt-3 border-line border-t px-4 pt-3 text-muted text-sm">
            {hidden === 1 ? "1 more appears" : `${hidden} more appear`} after you review these.
          </p>
        )}
      </div>
    </section>
  );
}
