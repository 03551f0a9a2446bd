import { cx } from "@/components/ui/class-names";

export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cx("animate-pulse rounded-sm bg-line", className)} />;
}

const widths = ["w-36", "w-24", "w-48", "w-16", "w-28"];

/** A placeholder for a table while it loads. */
export function TableSkeleton({
  label,
  columns,
  rows = 6,
}: {
  label: string;
  columns: number;
  rows?: number;
}) {
  return (
    <div
      role="status"
      aria-label={label}
      className="overflow-hidden rounded-lg border border-line bg-surface"
    >
      <div className="h-9.5 border-line border-b" />
      {Array.from({ length: rows }, (_, row) => `row-${row}`).map((key, row) => (
        <div key={key} className="flex h-12 items-center gap-8 border-line border-b px-4 last:border-b-0">
          {Array.from({ length: columns }, (_, column) => `column-${column}`).map((cell, column) => (
            <div key={cell} className={cx("flex-1", column > 1 && "max-md:hidden")}>
              <Skeleton className={cx("h-3.5 max-w-full", widths[(row + column) % widths.length])} />
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}
