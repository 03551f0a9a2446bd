import type { FileRow } from "@/lib/imports/formats/row";

/** Rows in short: name, type and fields of a secret; name, kind and secrets of a connection; or the problem. */
export function inShort(rows: readonly FileRow[]): unknown[] {
  return rows.map((row) => {
    if (row.problem) return [row.name, row.problem];
    return row.noun === "secret"
      ? [row.name, row.subKind, row.fields]
      : [row.name, row.kind, row.properties, row.secretNames];
  });
}

/** The fields of a Text secret. */
export const text = (value: string) => ({ value });
