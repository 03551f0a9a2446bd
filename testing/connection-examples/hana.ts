import type { Example } from "@/testing/connection-examples/define";
import { startHanaServer } from "@/testing/servers/hana-server";

const host = "hana.example.com";
const username = "REPORTS";
const password = "canary-of-hana";

export const example: Example = {
  properties: { authType: "pwd", host, port: "443", username },
  secrets: { password },
  endpoints: [`${host}:443`],
  transport: "tls",
  async start(authority) {
    const certificate = await authority.issue({ names: [host] });
    const { port, close } = await startHanaServer({ username, password, certificate });
    return { routes: { [`${host}:443`]: port }, close };
  },
};
