import { Hourglass } from "lucide-react";
import { Badge } from "@/components/ui/badge";
import { Link } from "@/components/ui/link";
import type { ConnectionSummary } from "@/lib/connections/schema";

/** The mark of a secret whose new value waits to be promoted. */
export function NewValueBadge() {
  return (
    <Badge tone="warning" icon={<Hourglass aria-hidden />}>
      New value waiting
    </Badge>
  );
}

/** Tells which secrets of a connection have a new value that waits. Renders nothing without any. */
export function NewValueNote({
  fabricId,
  references,
}: {
  fabricId: string;
  references: ConnectionSummary["references"];
}) {
  const waiting = new Map(
    references.flatMap(({ secretId, name, hasNewValue }) => (hasNewValue ? [[secretId, name]] : [])),
  );
  return [...waiting].map(([secretId, name]) => (
    <p key={secretId} className="mt-1 flex gap-1.5 text-sm">
      <Hourglass aria-hidden className="mt-0.5 size-4 shrink-0 text-warning-text" />
      <span className="wrap-anywhere min-w-0">
        A new value of{" "}
        <Link
          href={`/metadata/fabrics/${fabricId}/secrets/${secretId}`}
          className="rounded-sm font-medium text-accent-text hover:underline"
        >
          {name}
        </Link>{" "}
        waits to be promoted.
      </span>
    </p>
  ));
}
