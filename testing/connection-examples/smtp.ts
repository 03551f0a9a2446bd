import type { Example } from "@/testing/connection-examples/define";
import { startMailServer } from "@/testing/servers/mail-server";

const host = "mail.example.com";
const username = "reports@example.com";
const password = "canary-of-smtp";

export const example: Example = {
  properties: { smtpUrl: host, smtpPort: 587, smtpUsername: username },
  secrets: { smtpPassword: password },
  endpoints: [`${host}:587`],
  transport: "smtp",
  async start(authority) {
    const certificate = await authority.issue({ names: [host] });
    const server = await startMailServer({ username, password, certificate });
    return { routes: { [`${host}:587`]: server.port }, close: server.close };
  },
};
