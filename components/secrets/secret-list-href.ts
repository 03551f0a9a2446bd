import type { SecretListQuery, SecretSort } from "@/lib/secrets/schema";

const defaults: Partial<Record<string, string>> = { search: "", sort: "name", order: "asc" };

/**
 * The URL of the Secrets tab with these changes. Any change except of the cursor returns to the first page.
 */
export function secretListHref(
  { search, type, state, sort, order }: SecretListQuery,
  changes: { [Key in keyof SecretListQuery]?: SecretListQuery[Key] | undefined },
): string {
  const settings = { search, type, state, sort, order, ...changes };
  const entries = Object.entries(settings).flatMap(([key, value]) =>
    value === undefined || value === defaults[key] ? [] : [[key, value]],
  );
  return `?${new URLSearchParams(entries)}`;
}

/** The URL behind a column's title. The first click sorts times newest first and words from A. */
export function sortHref(query: SecretListQuery, sort: SecretSort): string {
  const first = sort === "name" || sort === "type" ? "asc" : "desc";
  const other = query.order === "asc" ? "desc" : "asc";
  return secretListHref(query, { sort, order: query.sort === sort ? other : first });
}
