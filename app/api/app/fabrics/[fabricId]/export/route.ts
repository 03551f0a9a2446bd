import { exportSecrets } from "@/lib/exports/queries";
import { exportFileName, exportFormat, exportFormats } from "@/lib/exports/schema";
import { problem, route } from "@/lib/next/route";

/** The names, types, metadata and references of the fabric's secrets as a file. Never values. */
export const GET = route({
  permission: "secret:list",
  run: async (scope, request) => {
    const format = exportFormat.safeParse(new URL(request.url).searchParams.get("format") ?? undefined);
    if (!format.success) return problem(400, "The format is csv or json.");
    const pieces = exportSecrets(scope, format.data);
    const first = await pieces.next();
    return new Response(streamOf(first.done ? "" : first.value, pieces), {
      headers: {
        "content-type": exportFormats[format.data],
        "content-disposition": `attachment; filename="${exportFileName(format.data)}"`,
      },
    });
  },
});

/** A piece is made when the browser has read the one before. */
function streamOf(first: string, pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next: string | null = first;
  return new ReadableStream(
    {
      async pull(controller) {
        const piece = next ?? (await pieces.next().then(({ done, value }) => (done ? null : value)));
        next = null;
        if (piece === null) controller.close();
        else controller.enqueue(encoder.encode(piece));
      },
      async cancel() {
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
