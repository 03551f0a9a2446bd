import * as z from "zod";

/** The formats of an export. */
export const exportFormats = {
  csv: "text/csv; charset=utf-8",
  json: "application/json; charset=utf-8",
} as const;
export const exportFormat = z.enum(["csv", "json"]).default("json");
export type ExportFormat = z.output<typeof exportFormat>;

/** The name of the downloaded file. */
export function exportFileName(format: ExportFormat): string {
  return `secrets.${format}`;
}
