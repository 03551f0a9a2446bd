import "server-only";
import { authorize } from "@/lib/access/authorize";
import type { Scope } from "@/lib/access/scope";
import { type ExportFormat, exportHead, exportLine } from "@/lib/activity/export-lines";
import { exportActivity } from "@/lib/activity/queries";
import type { ActivityFilter } from "@/lib/audit/schema";

/**
 * The events of a fabric that match a filter, newest first, as the text of a file: piece by piece, each when the
 * consumer wants it. Throws when the person's access ends in between.
 */
export async function* exportText(
  scope: Scope<"activity:list">,
  filter: ActivityFilter,
  format: ExportFormat,
): AsyncGenerator<string> {
  // The first piece has the first page, so that a failure to load it is an error and not half a file.
  let head = exportHead(format);
  for await (const events of exportActivity(scope, filter)) {
    yield head + events.map((event) => exportLine(format, event)).join("");
    head = "";
    await authorize(scope.actor, scope.fabricId, "activity:list");
  }
  if (head) yield head;
}
