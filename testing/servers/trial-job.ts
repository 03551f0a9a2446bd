import assert from "node:assert/strict";
import type { CheckEvent } from "@/lib/connectors/check-protocol";
import { findConnector } from "@/lib/connectors/registry";
import { validate } from "@/lib/connectors/validate";
import { hostPortOf } from "@/lib/egress/host";
import type { CheckJob } from "@/worker/protocol";

export type Secrets = CheckJob["secrets"];

/**
 * The loopback ports that stand in for services, by "host:port", and the trusted certificate authorities.
 * `cutOff` ends a check this long after it dials an endpoint that then answers nothing.
 */
export type StandIns = {
  routes: Record<string, number>;
  authorities: string[];
  cutOff?: { endpoint: string; afterMs: number };
};

/** A job as automate creates it from a saved connection. */
export function createJob(kind: string, input: object, secrets: Secrets): CheckJob {
  const connector = findConnector(kind);
  if (connector === null) throw new Error(`There is no kind ${kind}.`);
  const ids = Object.fromEntries(Object.keys(secrets).map((field) => [field, `id-of-${field}`]));
  const validated = validate(connector, { ...input, ...ids });
  if (!validated.ok) throw new Error(JSON.stringify(validated.fieldErrors));
  const { oauthClient } = secrets;
  const isCompound = typeof oauthClient === "object" && !(oauthClient instanceof Uint8Array);
  const authHost = isCompound ? hostPortOf(oauthClient.authUrl ?? "") : null;
  const metadata = authHost === null ? {} : { oauthClient: { subKind: "m2m_oauth" as const, authHost } };
  const destinations = connector.destinations(validated.value, metadata);
  return { kind, properties: validated.value, secrets, destinations, egressAllow: [] };
}

/** Asserts that a worker reported neither a secret value nor a server's own text. */
export function expectSilence(events: readonly CheckEvent[], secrets: Secrets): void {
  const said = JSON.stringify(events);
  for (const value of Object.values(secrets).flatMap(valuesOf)) {
    for (const form of [value, Buffer.from(value).toString("base64"), encodeURIComponent(value)])
      assert.ok(!said.includes(form), "A check let a secret out.");
  }
  assert.doesNotMatch(said, /You sent|Error:|\bat \/|node_modules/);
}

function valuesOf(secret: Secrets[string]): string[] {
  if (typeof secret === "string") return [secret];
  if (secret instanceof Uint8Array) return [Buffer.from(secret).toString("latin1")];
  return [secret?.password, secret?.clientSecret].filter((value) => value !== undefined);
}
