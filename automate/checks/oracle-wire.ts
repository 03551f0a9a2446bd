import dns from "node:dns";
import net, { type Socket } from "node:net";
import tls from "node:tls";
import { verification } from "@/automate/checks/certificates";
import type { TlsMode } from "@/lib/connectors/destination";

/** What was seen below the driver. */
export type OracleWire = {
  /** The listener sent the driver on to another place, which is none of this connection's. */
  readonly isRedirected: boolean;
  readonly failure: unknown;
  close(): void;
};

type Place = {
  server: string;
  port: string;
  tlsMode: TlsMode;
  caCertificate?: string | Uint8Array | undefined;
};

/**
 * Has the driver dial this place alone, by its name and with our verification. Thin mode offers no way to give it a socket
 * or an authority: it looks names up by ways that are shut, and takes trust from a wallet, which must hold a key. What it
 * calls of Node.js is replaced until `close`, in a process that does nothing else.
 */
export function openOracleWire({ server, port, tlsMode, caCertificate }: Place): OracleWire {
  const { connect: connectPlain } = net;
  const { connect: connectTls } = tls;
  const { lookup } = dns.promises;
  const seen = { isRedirected: false, failure: undefined as unknown };
  let raw: Socket | undefined;

  // An address that is nobody's (RFC 5737): where to dial is decided below.
  const anywhere = async () => [{ address: "192.0.2.1", family: 4 }];
  const dial = (_port: unknown, _host: unknown, ready: () => void) => {
    if (raw !== undefined) {
      seen.isRedirected = true;
      const nowhere = new net.Socket();
      setImmediate(() => nowhere.destroy(new Error("redirected")));
      return nowhere;
    }
    raw = connectPlain({ host: server, port: Number(port) }, ready);
    return raw.on("error", note);
  };
  // The listener may hand the open socket to another process of the server, which begins TLS anew on it.
  const secure = ({ socket }: { socket: Socket }, ready: () => void) =>
    connectTls(
      {
        socket,
        ...(net.isIP(server) === 0 && { servername: server }),
        host: server,
        ...verification(tlsMode, caCertificate),
      },
      ready,
    ).on("error", note);
  function note(error: unknown) {
    seen.failure ??= error;
  }

  Object.assign(dns.promises, { lookup: anywhere });
  Object.assign(net, { connect: dial });
  Object.assign(tls, { connect: tlsMode === "disable" ? connectTls : secure });
  return Object.assign(seen, {
    close() {
      Object.assign(dns.promises, { lookup });
      Object.assign(net, { connect: connectPlain });
      Object.assign(tls, { connect: connectTls });
      raw?.destroy();
    },
  });
}
