import type { Authority } from "@/testing/servers/certificates";
import type { Secrets } from "@/testing/servers/trial-job";

/**
 * A connection of one kind that passes its check against servers on this machine: what drives the fault matrix, the
 * benchmark and the journeys through every kind.
 */
export type Example = {
  /** Without secrets; hosts are names of the wide tenant, such as db.example.com, that `start` has stand-ins for. */
  readonly properties: Readonly<Record<string, string | number>>;
  readonly secrets: Secrets;
  /** Every "host:port" that the check dials, in the order in which it does. */
  readonly places: readonly string[];
  /** The answer's body may be anything: only its head is looked at. */
  readonly ignoresBody?: true;
  /** The driver looks for its server in the background until its process ends. */
  readonly dialsOn?: true;
  /** How the channel begins: `tls` and `https` with a handshake, `starttls` with a plain greeting, `plain` and `ssh` without TLS. */
  readonly transport: "plain" | "starttls" | "tls" | "https" | "ssh";
  /** Starts the servers, with certificates of this authority, and says which port stands in for which place. */
  start(authority: Authority): Promise<{ routes: Record<string, number>; close(): Promise<void> }>;
};
