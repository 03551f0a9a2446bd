import net, { type Socket } from "node:net";
import tls from "node:tls";
import type { Transport } from "oracledb/lib/thin/sqlnet/ntTcp.js";
import type { TlsMode } from "@/lib/connectors/destination";
import { CheckFailure } from "@/worker/check";
import { sharedVerification } from "@/worker/clients/certificates";

type Endpoint = {
  server: string;
  port: string;
  tlsMode: TlsMode;
  caCertificate?: string | Uint8Array | undefined;
};

/**
 * Replaces two internal functions of the driver's transport that its documented interface does not reach.
 *
 * The driver looks names up itself. It also trusts either the public authorities or those of a wallet, which
 * must include a client certificate. `tlsConnect` is separate, because TLS starts again on the same socket
 * when a listener hands it to a server process. If a later version moves these functions, the check fails
 * before it connects.
 */
export function replaceInternals(transport: Transport, endpoint: Endpoint): void {
  const { ntConnect, tlsConnect } = transport;
  if (typeof ntConnect !== "function" || typeof tlsConnect !== "function")
    throw new Error("The driver lacks the internal functions of version 26.0.");
  transport.ntConnect = async function dialEndpoint({ originHost }) {
    // A listener may redirect to another host, which is not a destination of this connection.
    if (originHost !== undefined) throw new CheckFailure("redirected", "server");
    this.stream = await opened(
      net.connect({ host: endpoint.server, port: Number(endpoint.port) }),
      "connect",
    );
    this.connected = true;
  };
  transport.tlsConnect = async function secure(_context, socket) {
    this.stream.removeAllListeners().on("error", () => {});
    // No server name in the handshake, as in the driver, which uses that field for something else.
    const { server, tlsMode, caCertificate } = endpoint;
    const options = { socket, host: server, ...sharedVerification(tlsMode, caCertificate) };
    this.stream = await opened(tls.connect(options), "secureConnect");
    this.connStream = socket;
  };
}

function opened<S extends Socket>(socket: S, event: "connect" | "secureConnect"): Promise<S> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve(socket));
    socket.once("error", reject);
  });
}
