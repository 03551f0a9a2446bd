import https from "node:https";
import type { Authority } from "@/launcher/certificates.mjs";
import { type Listening, listen } from "@/testing/servers/listening";
import { type ServiceReply, type ServiceRequest, serve } from "@/testing/servers/service-replies";

/** Answers that replace the usual ones, by "METHOD /path" without the query. */
export type Replies = Readonly<Record<string, ServiceReply>>;
export type OneService = Listening & { routes: Record<string, number>; requests: string[] };

/** A service on loopback that stands in for one or several "host:port". */
export async function startOneService(
  authority: Authority,
  endpoints: readonly string[],
  answer: (request: ServiceRequest & { operation: string }) => ServiceReply | Promise<ServiceReply>,
): Promise<OneService> {
  const requests: string[] = [];
  const names = endpoints.map((endpoint) => endpoint.replace(/:\d+$/, ""));
  const server = https.createServer(
    await authority.issue({ names }),
    serve((request) => {
      const operation = `${request.method} ${request.path.replace(/\?.*/, "")}`;
      requests.push(operation);
      return answer({ ...request, operation });
    }),
  );
  const listening = await listen(server);
  return {
    ...listening,
    routes: Object.fromEntries(endpoints.map((endpoint) => [endpoint, listening.port])),
    requests,
  };
}
