import { Banner } from "@/components/ui/banner";

/**
 * The error of the form as a whole. When it appears, screen readers announce it, and it scrolls into view: the
 * submit button of a long form can be far below it.
 */
export function FormError({ error }: { error: string | null }) {
  if (!error) return null;
  return (
    <div ref={scrollIntoView}>
      <Banner tone="danger" isLive>
        {error}
      </Banner>
    </div>
  );
}

function scrollIntoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: "nearest" });
}
