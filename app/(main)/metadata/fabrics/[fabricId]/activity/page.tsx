import { History, SearchX } from "lucide-react";
import type { Metadata } from "next";
import { ActivityFilters } from "@/components/activity/activity-filters";
import { activityHref, exportHref, secretAccessHref } from "@/components/activity/activity-href";
import { ActivityList } from "@/components/activity/activity-list";
import { ActivityPages } from "@/components/activity/activity-pages";
import { objectNouns } from "@/components/activity/event-sentence";
import { ExportMenu } from "@/components/activity/export-menu";
import { NamedMatches } from "@/components/activity/named-matches";
import { ButtonLink } from "@/components/ui/button";
import { Day } from "@/components/ui/day";
import { EmptyState } from "@/components/ui/empty-state";
import { listActivityActors } from "@/lib/activity/actors";
import { findActivityObject, listActivity } from "@/lib/activity/queries";
import { findRemovedUntil } from "@/lib/activity/removed-events";
import { type ActivityFilter, activityFilter } from "@/lib/audit/schema";
import { listAuthorityNames } from "@/lib/destinations/queries";
import { requireScope } from "@/lib/next/require-scope";

export const metadata: Metadata = { title: "Activity" };

type Props = {
  params: Promise<{ fabricId: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
};

export default async function ActivityPage({ params, searchParams }: Props) {
  const { fabricId } = await params;
  const scope = await requireScope(fabricId, "activity:list");
  const filter = activityFilter.parse(await searchParams);
  const [page, actors, object] = await Promise.all([
    listActivity(scope, filter),
    listActivityActors(scope, filter.actor),
    filter.object ? findActivityObject(scope, filter.object) : null,
  ]);
  const authorities = await listAuthorityNames(
    scope,
    page.events.flatMap(({ details }) => [details.destination ?? []].flat().map(String)),
  );
  const { before: _before, after: _after, ...filters } = filter;
  const isFiltered = Object.values(filters).some(Boolean);
  const { object: objectId, from, to } = filters;
  const only = object ? `${objectNouns[object.kind]} ${object.name}` : objectId ? "one object" : null;
  const hrefOf = (change: Partial<ActivityFilter>) => activityHref(fabricId, { ...filters, ...change });
  const removedUntil = page.older === null ? await findRemovedUntil() : null;
  return (
    <section aria-labelledby="activity" className="flex flex-col gap-4">
      <h2 id="activity" className="sr-only">
        Activity
      </h2>
      <ActivityFilters
        actors={actors}
        object={only}
        accessHref={
          objectId && object?.kind === "secret" ? secretAccessHref(fabricId, objectId, { from, to }) : null
        }
        now={Date.now()}
      />
      {page.named && <NamedMatches named={page.named} hrefOf={hrefOf} />}
      {page.events.length > 0 ? (
        <ActivityList events={page.events} fabricId={fabricId} hrefOf={hrefOf} authorities={authorities} />
      ) : isFiltered ? (
        <EmptyState
          icon={<SearchX />}
          title="No matching events"
          action={<ButtonLink href={activityHref(fabricId, {})}>Clear filters</ButtonLink>}
        >
          Change or clear the filters.
        </EmptyState>
      ) : (
        <EmptyState icon={<History />} title="No activity yet">
          Actions on this fabric, its secrets and its connections appear here.
        </EmptyState>
      )}
      {removedUntil && (!from || new Date(from) < removedUntil) && (
        <p className="text-muted text-sm">
          Events until <Day date={removedUntil} /> were removed, because operators keep them for a limited
          time.
        </p>
      )}
      <div className="flex flex-wrap items-center justify-between gap-2">
        {page.events.length > 0 && (
          <ExportMenu
            csvHref={exportHref(fabricId, filters, "csv")}
            ndjsonHref={exportHref(fabricId, filters, "ndjson")}
          />
        )}
        <ActivityPages
          newerHref={page.newer && hrefOf({ after: page.newer })}
          olderHref={page.older && hrefOf({ before: page.older })}
        />
      </div>
    </section>
  );
}
