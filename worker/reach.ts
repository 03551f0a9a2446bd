import net from "node:net";
import tls from "node:tls";
import { isBeforeSignIn } from "@/lib/connectors/check-protocol";
import type { Destination } from "@/lib/connectors/destination";
import { isLoopbackHost } from "@/lib/egress/host";
import { CheckFailure } from "@/worker/check";
import { sharedVerification } from "@/worker/clients/certificates";
import type { StepLog } from "@/worker/step-log";

/** Thrown where a sign-in would begin, in a run that has no secrets. */
export class Reached extends Error {}

/**
 * Steps for a driver without secrets. Where its sign-in would begin, they throw, so that the driver sends
 * nothing of it. `end` receives the error as well, because a driver could swallow it.
 */
export function endingBeforeSignIn(steps: StepLog, end: (error: Error) => void): StepLog {
  return {
    get current() {
      return steps.current;
    },
    skip: steps.skip,
    finish: steps.finish,
    begin(step) {
      if (isBeforeSignIn(step)) return steps.begin(step);
      const reached = new Reached();
      end(reached);
      throw reached;
    },
  };
}

/**
 * Opens one connection to each destination, with TLS unless its protocol has none, and closes it without
 * sending a request. Rejects at the first one that fails.
 */
export async function dialAll(destinations: readonly Destination[]): Promise<void> {
  for (const destination of destinations) await dial(destination);
}

function dial(destination: Destination): Promise<void> {
  const { host, port } = destination;
  return new Promise((resolve, reject) => {
    const socket = isPlain(destination)
      ? net.connect({ host, port })
      : tls.connect({
          host,
          port,
          ...(net.isIP(host) === 0 ? { servername: host } : {}),
          ...sharedVerification(destination.tls ?? "verify-full", undefined),
        });
    socket.once(isPlain(destination) ? "connect" : "secureConnect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new CheckFailure("connection_closed", destination.portField)));
  });
}

/** A token server may be without TLS only on this machine, and its destination does not say which it is. */
function isPlain({ protocol, host }: Destination): boolean {
  return protocol === "http" || (protocol === "oauth-token" && isLoopbackHost(host));
}
