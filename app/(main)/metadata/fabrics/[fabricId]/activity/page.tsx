import { History, SearchX } from "lucide-react";
import type { Metadata } from "next";
import { ActivityFilters } from "@/components/activity/activity-filters";
import { ActivityList } from "@/components/activity/activity-list";
import { ActivityPages } from "@/components/activity/activity-pages";
import { objectNouns } from "@/components/activity/event-sentence";
import { ButtonLink } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { findActivityObject, listActivity, listActivityActors } from "@/lib/activity/queries";
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
  const { actor, kind, event, object: objectId } = filter;
  const isFiltered = [actor, kind, event, objectId].some(Boolean);
  const only = object ? `${objectNouns[object.kind]} ${object.name}` : objectId ? "one object" : null;
  const { before: _before, after: _after, ...filters } = filter;
  const hrefOf = (change: Partial<ActivityFilter>) => activityHref(fabricId, { ...filters, ...change });
  return (
    <section aria-labelledby="activity" className="flex flex-col gap-4">
      <h2 id="activity" className="sr-only">
        Activity
      </h2>
      <ActivityFilters actors={actors} object={only} />
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
      <ActivityPages
        newerHref={page.newer && hrefOf({ after: page.newer })}
        olderHref={page.older && hrefOf({ before: page.older })}
      />
    </section>
  );
}

function activityHref(fabricId: string, filter: Partial<ActivityFilter>): string {
  const entries = Object.entries(filter).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const query = new URLSearchParams(entries);
  return `/metadata/fabrics/${fabricId}/activity${query.size > 0 ? `?${query}` : ""}`;
}
