import { authorize } from "@/lib/access/authorize";
import { type ExportFormat, exportFormats, exportHead, exportLine } from "@/lib/activity/export-lines";
import { exportActivity } from "@/lib/activity/queries";
import { activityFilter } from "@/lib/audit/schema";
import { problem, route } from "@/lib/next/route";

/**
 * Downloads the events of a fabric that match Activity's filters, as CSV or newline-delimited JSON. Events are read
 * page by page, as the browser takes them. If a page cannot be read, the connection breaks: a file that is cut must
 * not look complete.
 */
export const GET = route({
  permission: "activity:list",
  run: async (scope, request) => {
    const params = Object.fromEntries(new URL(request.url).searchParams);
    const format = params.format ?? "csv";
    if (!isFormat(format)) return problem(400, "The format must be csv or ndjson.");
    const pages = exportActivity(scope, activityFilter.parse(params));
    const bytes = new TextEncoder();
    // The first page is read before the answer begins, so that an outage has its own status.
    let page = await pages.next();
    const body = new ReadableStream<Uint8Array>(
      {
        start: (stream) => {
          const head = exportHead(format);
          if (head) stream.enqueue(bytes.encode(head));
        },
        pull: async (stream) => {
          if (page.done) return stream.close();
          stream.enqueue(bytes.encode(page.value.map((event) => exportLine(format, event)).join("")));
          // A long download ends with its person's access.
          await authorize(scope.actor, scope.fabricId, "activity:list");
          page = await pages.next();
        },
        cancel: () => void pages.return(undefined),
      },
      { highWaterMark: 1 },
    );
    const day = new Date().toISOString().slice(0, 10);
    return new Response(body, {
      headers: {
        "content-type": exportFormats[format],
        "content-disposition": `attachment; filename="activity-${day}.${format}"`,
        "x-content-type-options": "nosniff",
      },
    });
  },
});

function isFormat(format: string): format is ExportFormat {
  return Object.hasOwn(exportFormats, format);
}
