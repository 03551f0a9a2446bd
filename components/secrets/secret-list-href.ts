import type { SecretListQuery, SecretSort } from "@/lib/secrets/schema";

const defaults: Partial<Record<string, string>> = { search: "", sort: "name", order: "asc" };

/** The URL of the Secrets tab in another state. Any change but of the cursor begins at the first page. */
export function secretListHref(
  { search, type, sort, order }: SecretListQuery,
  changes: { [Key in keyof SecretListQuery]?: SecretListQuery[Key] | undefined },
): string {
  const state = { search, type, sort, order, ...changes };
  const entries = Object.entries(state).flatMap(([key, value]) =>
    value === undefined || value === defaults[key] ? [] : [[key, value]],
  );
  return `?${new URLSearchParams(entries)}`;
}

/** What a click on a column's title leads to: times newest first, words from A. */
export function sortHref(query: SecretListQuery, sort: SecretSort): string {
  const first = sort === "created" || sort === "updated" ? "desc" : "asc";
  const other = query.order === "asc" ? "desc" : "asc";
  return secretListHref(query, { sort, order: query.sort === sort ? other : first });
}
