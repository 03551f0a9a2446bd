import type { Authority } from "@/launcher/certificates.mjs";
import type { Secrets } from "@/testing/servers/trial-job";

/**
 * How a channel begins: `https` and `tls` with a TLS handshake, `tds` with a request for one, `smtp` with the
 * server's greeting and then STARTTLS, `ssh` with both greetings. The examples use `postgres` and `mysql`
 * without TLS: in `postgres` the client speaks first, in `mysql` the server.
 */
export type Transport = "https" | "tls" | "tds" | "smtp" | "ssh" | "postgres" | "mysql";

/**
 * A connection of one kind that passes its check against servers on this machine. The fault matrix, the
 * benchmark and the journeys through every kind use it.
 */
export type Example = {
  /**
   * Without secrets. Hosts are public-looking names, such as db.example.com, for which `start` provides
   * stand-ins.
   */
  readonly properties: Readonly<Record<string, string | number>>;
  readonly secrets: Secrets;
  /** Every "host:port" that the check dials, in order. */
  readonly endpoints: readonly string[];
  /** True when the check reads only the answer's head, so any body passes. */
  readonly ignoresBody?: true;
  /** True when the driver keeps dialling in the background until its process ends. */
  readonly dialsOn?: true;
  readonly transport: Transport;
  /**
   * Starts the servers, with certificates of this authority. Returns the loopback port for each "host:port".
   */
  start(authority: Authority): Promise<{ routes: Record<string, number>; close(): Promise<void> }>;
};
