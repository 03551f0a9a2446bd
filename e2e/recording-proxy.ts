import http, { type IncomingMessage } from "node:http";
import { listen } from "@/testing/servers/listening";

/** A recorded response: every byte of headers and body, without the status line. */
export type RecordedResponse = { request: string; content: Buffer };
export type RecordingProxy = {
  url: string;
  /** The responses since the last call, after all started ones have finished. */
  take(): Promise<RecordedResponse[]>;
  close(): Promise<void>;
};

const settleMs = 5_000;

/**
 * A forward proxy that records each response as sent. The browser's own tools discard bodies when a page navigates
 * away; this proxy discards none.
 */
export async function startRecordingProxy(): Promise<RecordingProxy> {
  // Web closes a connection that was idle for five seconds: a request on it at that moment would fail.
  const agent = new http.Agent({ keepAlive: true, timeout: 2_000 });
  let responses: RecordedResponse[] = [];
  const open = new Set<Promise<void>>();
  const server = http.createServer((incoming, outgoing) => {
    const target = new URL(incoming.url ?? "", "http://nowhere.invalid");
    // Uncompressed, so that a test can search the bytes.
    const headers = { ...incoming.headers, "accept-encoding": "identity" };
    const { method } = incoming;
    const forwarded = http.request(target, { method, headers, agent }, (response) => {
      const label = `${method} ${target.pathname}${target.search}`;
      const done = record(response).then((body) => {
        const head = JSON.stringify([response.statusMessage, response.rawHeaders]);
        responses.push({ request: label, content: Buffer.concat([Buffer.from(head), body]) });
        open.delete(done);
      });
      open.add(done);
      outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders);
      response.pipe(outgoing);
      outgoing.on("close", () => response.destroy());
    });
    forwarded.on("error", () => outgoing.destroy());
    outgoing.on("close", () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  const { port, close } = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    async take() {
      const settled = Promise.allSettled([...open]);
      await Promise.race([settled, new Promise((done) => setTimeout(done, settleMs).unref())]);
      const taken = responses;
      responses = [];
      return taken;
    },
    async close() {
      agent.destroy();
      await close();
    },
  };
}

/** The body received so far: a response that was cut off counts too. */
async function record(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  response.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise((done) => response.once("close", done));
  return Buffer.concat(chunks);
}
