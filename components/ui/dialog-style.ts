import { cx } from "@/components/ui/class-names";

export type DialogSize = "sm" | "md" | "lg";

const widths: Record<DialogSize, string> = {
  sm: "md:max-w-md",
  md: "md:max-w-xl",
  lg: "md:max-w-3xl",
};

export const dialogBackdropClass =
  "fixed inset-0 z-40 bg-scrim transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0";

export const dialogFooterClass =
  "flex flex-wrap items-center justify-end gap-2 border-line border-t bg-sunken px-6 py-3.5 md:rounded-b-xl";

/**
 * A centred card; on a narrow screen, a sheet at the bottom edge. Does not clip, so that popups can overlap
 * its border.
 */
export function dialogPopupClass(size: DialogSize): string {
  return cx(
    "fixed z-40 flex flex-col border border-line bg-surface text-ink shadow-dialog transition-[opacity,translate,scale] duration-150",
    "max-md:inset-x-0 max-md:bottom-0 max-md:max-h-[94dvh] max-md:rounded-t-xl max-md:border-x-0 max-md:border-b-0",
    "md:-translate-x-1/2 md:top-[min(12vh,6rem)] md:left-1/2 md:max-h-[calc(100dvh-min(12vh,6rem)-2rem)] md:w-[calc(100vw-4rem)] md:rounded-xl",
    "data-ending-style:opacity-0 data-starting-style:opacity-0 md:data-starting-style:scale-98 max-md:data-starting-style:translate-y-4",
    widths[size],
  );
}
