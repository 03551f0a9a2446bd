import { ChevronLeft, ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { ButtonLink } from "@/components/ui/button";

/** Previous and Next. Renders nothing when everything fits on one page. */
export function Pagination({
  label,
  previousHref,
  nextHref,
  summary,
}: {
  label: string;
  previousHref: string | null;
  nextHref: string | null;
  summary?: ReactNode;
}) {
  if (!previousHref && !nextHref && !summary) return null;
  return (
    <nav aria-label={label} className="flex min-h-8 items-center justify-between gap-4">
      <p className="text-muted text-sm">{summary}</p>
      <div className="flex gap-2">
        {previousHref && (
          <ButtonLink href={previousHref} size="sm" icon={<ChevronLeft aria-hidden />}>
            Previous
          </ButtonLink>
        )}
        {nextHref && (
          <ButtonLink href={nextHref} size="sm">
            Next
            <ChevronRight aria-hidden />
          </ButtonLink>
        )}
      </div>
    </nav>
  );
}
