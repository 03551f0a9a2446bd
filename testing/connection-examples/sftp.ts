import type { Example } from "@/testing/connection-examples/define";
import { createSshKey, fingerprintOf, startSftpServer } from "@/testing/servers/sftp-server";

const host = "files.example.com";
const hostKey = createSshKey().private;
const password = "canary-of-sftp";

export const example: Example = {
  properties: { host, port: 22, username: "ana", hostKeyFingerprint: fingerprintOf(hostKey) },
  secrets: { password },
  endpoints: [`${host}:22`],
  transport: "ssh",
  async start() {
    const server = await startSftpServer({ users: { ana: { password } }, hostKey });
    return { routes: { [`${host}:22`]: server.port }, close: server.close };
  },
};
