import { cx } from "@/components/ui/class-names";
import type { ConnectorGroup } from "@/lib/connectors/define";

const groups: Record<ConnectorGroup, string> = {
  warehouse: "bg-accent text-on-accent",
  database: "bg-accent-soft text-accent-text",
  files: "bg-success-soft text-success-text",
  application: "bg-warning-soft text-warning-text",
  messaging: "bg-hover text-ink",
  web: "bg-sunken text-ink",
};

/** The icon of a kind of connection: a monogram on its group's colour. */
export function KindTile({ name, group }: { name: string; group: ConnectorGroup | undefined }) {
  const capitals = name.replace(/[^A-Z]/g, "").slice(0, 2);
  return (
    <span
      aria-hidden
      className={cx(
        "inline-flex size-8 shrink-0 items-center justify-center rounded-md font-semibold text-xs tracking-tight",
        group === undefined ? "bg-sunken text-muted" : groups[group],
      )}
    >
      {capitals.length === 2 ? capitals : name.slice(0, 2)}
    </span>
  );
}
