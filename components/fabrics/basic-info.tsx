import type { ReactNode } from "react";
import { RelativeTime } from "@/components/ui/relative-time";
import { type FabricDetail, providers } from "@/lib/fabrics/schema";

export function BasicInfo({ fabric }: { fabric: FabricDetail }) {
  return (
    <dl className="divide-y divide-line rounded-lg border border-line bg-surface">
      <Line term="Name">{fabric.name}</Line>
      <Line term="Description">
        {fabric.description ? (
          <span className="whitespace-pre-line">{fabric.description}</span>
        ) : (
          <span className="text-muted">None</span>
        )}
      </Line>
      <Line term="Team">{fabric.team.name}</Line>
      <Line term="Provider" note="It cannot be changed.">
        {providers[fabric.provider]}
      </Line>
      <Line term="Created">
        <RelativeTime date={fabric.createdAt} /> by {fabric.createdByName}
      </Line>
    </dl>
  );
}

function Line({ term, note, children }: { term: string; note?: string; children: ReactNode }) {
  return (
    <div className="grid gap-1 px-4 py-3 sm:grid-cols-[10rem_1fr] sm:gap-4">
      <dt className="text-muted">{term}</dt>
      <dd className="min-w-0 break-words">
        {children}
        {note && <p className="text-muted text-sm">{note}</p>}
      </dd>
    </div>
  );
}
