import { exportText } from "@/lib/activity/export";
import { exportFileName, exportFormat, exportFormats } from "@/lib/activity/export-lines";
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
    const format = exportFormat.safeParse(params.format);
    if (!format.success) return problem(400, "The format must be csv or ndjson.");
    const pieces = exportText(scope, activityFilter.parse(params), format.data);
    const bytes = new TextEncoder();
    // The first piece is read before the answer begins, so that an outage has its own status.
    let piece = await pieces.next();
    const body = new ReadableStream<Uint8Array>(
      {
        pull: async (stream) => {
          if (piece.done) return stream.close();
          stream.enqueue(bytes.encode(piece.value));
          piece = await pieces.next();
        },
        cancel: () => void pieces.return(undefined),
      },
      { highWaterMark: 1 },
    );
    return new Response(body, {
      headers: {
        "content-type": exportFormats[format.data],
        "content-disposition": `attachment; filename="${exportFileName(format.data)}"`,
        "x-content-type-options": "nosniff",
      },
    });
  },
});
