import type { Example } from "@/testing/connection-examples/define";
import { startRestApiServer } from "@/testing/servers/rest-api-server";

const host = "api.example.com";
const bearerToken = "canary-of-restapi";

export const example: Example = {
  properties: { baseUrl: `https://${host}`, authType: "bearer" },
  secrets: { bearerToken },
  endpoints: [`${host}:443`],
  transport: "https",
  ignoresBody: true,
  async start(authority) {
    const certificate = await authority.issue({ names: [host] });
    const server = await startRestApiServer({ bearer: bearerToken, certificate });
    return { routes: { [`${host}:443`]: server.port }, close: server.close };
  },
};
