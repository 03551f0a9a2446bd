import type { ActivityFilter } from "@/lib/audit/schema";

/**
 * The address of a fabric's Activity with filters: `object` and `actor` are ids, `from` and `to` days in UTC.
 * Of one secret: `activityHref(fabricId, { object: secretId })`.
 */
export function activityHref(fabricId: string, filter: Partial<ActivityFilter>): string {
  return `/metadata/fabrics/${fabricId}/activity${queryOf(filter)}`;
}

/** The address of "Who could use it", of one secret in a period. */
export function secretAccessHref(
  fabricId: string,
  secretId: string,
  period: Pick<Partial<ActivityFilter>, "from" | "to"> = {},
): string {
  return `/metadata/fabrics/${fabricId}/activity/secrets/${secretId}${queryOf(period)}`;
}

/** The address of a download of the events that match filters. */
export function exportHref(
  fabricId: string,
  filter: Partial<ActivityFilter>,
  format: "csv" | "ndjson",
): string {
  const query = queryOf(filter);
  return `/api/app/fabrics/${fabricId}/activity${query === "" ? "?" : `${query}&`}format=${format}`;
}

function queryOf(filter: object): string {
  const entries = Object.entries(filter).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const query = new URLSearchParams(entries);
  return query.size > 0 ? `?${query}` : "";
}
