import net, { type Socket } from "node:net";
import tls from "node:tls";
import type { Transport } from "oracledb/lib/thin/sqlnet/ntTcp.js";
import type { TlsMode } from "@/lib/connectors/destination";
import { CheckFailure } from "@/worker/check";
import { sharedVerification } from "@/worker/clients/certificates";

type Place = {
  server: string;
  port: string;
  tlsMode: TlsMode;
  caCertificate?: string | Uint8Array | undefined;
};

/**
 * Two joints of the driver's transport that its documented interface does not reach: it looks names up by itself, and trusts
 * either the public authorities or those of a wallet, which must hold a client certificate too. TLS is begun anew on the
 * same socket when a listener hands it over to a server process, so that it is a joint of its own. Where a later
 * version has moved them nothing is dialled.
 */
export function turnJoints(transport: Transport, place: Place): void {
  const { ntConnect, tlsConnect } = transport;
  if (typeof ntConnect !== "function" || typeof tlsConnect !== "function")
    throw new Error("The driver has other joints than version 26.0.");
  transport.ntConnect = async function dialPlace({ originHost }) {
    // A listener may name another one to go to: it is none of this connection's destinations.
    if (originHost !== undefined) throw new CheckFailure("redirected", "server");
    this.stream = await opened(net.connect({ host: place.server, port: Number(place.port) }), "connect");
    this.connected = true;
  };
  transport.tlsConnect = async function secure(_context, socket) {
    this.stream.removeAllListeners().on("error", () => {});
    // As the driver does by itself, without a name in the handshake: it has another use for that.
    const { server, tlsMode, caCertificate } = place;
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
