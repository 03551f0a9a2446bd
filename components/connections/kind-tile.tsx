import { cx } from "@/components/ui/class-names";

const families: Record<string, string> = {
  database: "bg-accent-soft text-accent-text",
  files: "bg-success-soft text-success-text",
  api: "bg-warning-soft text-warning-text",
};

/** The mark of a kind of connection: a monogram on the colour of its group. */
export function KindTile({ name, group }: { name: string; group: string }) {
  const monogram = name.replace(/[^A-Z]/g, "").slice(0, 2) || name.slice(0, 2);
  return (
    <span
      aria-hidden
      className={cx(
        "inline-flex size-8 shrink-0 items-center justify-center rounded-md font-semibold text-xs tracking-tight",
        families[group] ?? "bg-sunken text-muted",
      )}
    >
      {monogram}
    </span>
  );
}
