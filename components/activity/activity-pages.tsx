import { ChevronLeft, ChevronRight } from "lucide-react";
import { ButtonLink } from "@/components/ui/button";

export function ActivityPages({
  newerHref,
  olderHref,
}: {
  newerHref: string | null;
  olderHref: string | null;
}) {
  if (!newerHref && !olderHref) return null;
  return (
    <nav aria-label="Pages of activity" className="flex justify-end gap-2">
      {newerHref && (
        <ButtonLink href={newerHref} size="sm" icon={<ChevronLeft aria-hidden />}>
          Newer
        </ButtonLink>
      )}
      {olderHref && (
        <ButtonLink href={olderHref} size="sm">
          Older
          <ChevronRight aria-hidden />
        </ButtonLink>
      )}
    </nav>
  );
}
