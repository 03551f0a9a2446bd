import { createServer as createProxy, type RequestListener } from "node:http";
import { createServer } from "node:https";
import { connect } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { vi } from "vitest";
import { createAuthority } from "@/launcher/certificates.mjs";
import { listen } from "@/testing/servers/listening";

/**
 * Serves https under the real names of a cloud, by a proxy in HTTPS_PROXY, so that the vendors' clients need no
 * other address. This process trusts its authority until it is closed.
 */
export async function serveNamedHosts(names: readonly string[], serve: RequestListener) {
  const authority = await createAuthority("Selvage test authority");
  const server = await listen(createServer(await authority.issue({ names: [...names, "localhost"] }), serve));
  const proxy = createProxy();
  proxy.on("connect", (request, socket) => {
    if (!names.includes(request.url?.replace(/:443$/, "") ?? "")) return socket.destroy();
    const target = connect(server.port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      socket.pipe(target).pipe(socket);
    });
    target.on("error", () => socket.destroy());
    socket.on("error", () => target.destroy());
  });
  const listening = await listen(proxy);
  const trusted = getCACertificates("default");
  setDefaultCACertificates([...trusted, authority.cert]);
  vi.stubEnv("HTTPS_PROXY", `http://127.0.0.1:${listening.port}`);
  vi.stubEnv("NO_PROXY", "127.0.0.1");
  return {
    /** For a client that uses no proxy: the port of the same server on localhost. */
    port: server.port,
    async close() {
      setDefaultCACertificates(trusted);
      await listening.close();
      await server.close();
    },
  };
}
