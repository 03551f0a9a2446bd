import type { IncomingHttpHeaders, RequestListener } from "node:http";

export type ServiceRequest = {
  method: string;
  host: string;
  /** With its query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
};
export type ServiceReply = { status: number; body: unknown; headers?: Record<string, string> };

/**
 * Answers in JSON, or with text unchanged. Every error repeats the received credentials, as careless servers
 * do.
 */
export function serve(
  answer: (request: ServiceRequest) => ServiceReply | Promise<ServiceReply>,
): RequestListener {
  return async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { method = "", url: path = "", headers } = incoming;
    const body = Buffer.concat(chunks).toString("utf8");
    const reply = await answer({ method, host: headers.host ?? "", path, headers, body });
    outgoing.writeHead(reply.status, { "content-type": "application/json; charset=utf-8", ...reply.headers });
    if (typeof reply.body === "string") return void outgoing.end(reply.body);
    const echo = { debug: `You sent ${headers.authorization} ${path} ${body}` };
    outgoing.end(JSON.stringify(reply.status < 400 ? reply.body : { ...Object(reply.body), ...echo }));
  };
}
