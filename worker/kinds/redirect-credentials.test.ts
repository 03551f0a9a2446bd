import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { destinationKey } from "@/lib/connectors/destination";
import { findConnector } from "@/lib/connectors/registry";
import { visibleFields } from "@/lib/connectors/validate";
import type { Example } from "@/testing/connection-examples/define";
import { examples } from "@/testing/connection-examples/registry";
import { type Listening, listen } from "@/testing/servers/listening";
import { createManyChecks } from "@/testing/servers/many-checks";
import { createJob } from "@/testing/servers/trial-job";

/*
 * The attack: a User points a connection with another person's secret at a listener of their own, within
 * the allowed destinations. A new destination requires approval (authorize-destinations.test.ts). The checks run; the
 * listener must not receive the secret.
 */
const checks = createManyChecks();
let authority: Authority;
let listener: Listening;
const visits: string[] = [];

beforeAll(async () => {
  authority = await createAuthority("Selvage test authority");
  listener = await listen(
    createServer((socket) => {
      const index = visits.push("") - 1;
      socket.on("data", (bytes) => {
        visits[index] += bytes.toString("latin1");
      });
    }),
  );
});
afterAll(async () => {
  checks.close();
  await listener.close();
});

/** Values that an attacker may enter in any field to redirect a careless driver. */
function lures(port: number): string[] {
  const destination = `127.0.0.1:${port}`;
  const more = process.env.RUN_LONG ? [`https://${destination}/`, `//${destination}/`] : [];
  return [destination, `x@${destination}/`, ...more];
}

/** The destinations of each secret of a connection, or null when the settings are invalid. */
function destinationsOfKind(kind: string, { properties, secrets }: Pick<Example, "properties" | "secrets">) {
  try {
    const { destinations } = createJob(kind, properties, secrets);
    return destinations.flatMap((destination) =>
      destination.secretFields.map((field) => `${field} → ${destinationKey(destination)}`),
    );
  } catch {
    return null;
  }
}

it("the listener detects a check that connects to it", async () => {
  let visitors = 0;
  const server = createServer((socket) => {
    visitors += 1;
    socket.destroy();
  });
  const seen = await listen(server);
  const properties = { baseUrl: `http://127.0.0.1:${seen.port}`, authType: "none", tlsMode: "disable" };
  const restapi = { ...examples.restapi, properties, secrets: {} } as Example;
  await checks.run("restapi", restapi, { routes: {}, authorities: [] });
  expect(visitors).toBe(1);
  await seen.close();
});

describe.concurrent.each(Object.entries(examples))("%s", (kind, example) => {
  it("sends nothing to a listener that a colleague names in any of its fields", async () => {
    const { routes, close } = await example.start(authority);
    const home = new Set(destinationsOfKind(kind, example));
    expect(home.size).toBeGreaterThan(0);
    const connector = findConnector(kind);
    const fields = visibleFields(connector as NonNullable<typeof connector>, example.properties);
    for (const field of fields.filter((name) => !(name in example.secrets))) {
      for (const lure of lures(listener.port)) {
        const astray = { ...example, properties: { ...example.properties, [field]: lure } };
        const destinations = destinationsOfKind(kind, astray);
        const isHome = destinations?.every((destination) => home.has(destination));
        if (isHome) await checks.run(kind, astray, { routes, authorities: [authority.cert] }, 1000);
      }
    }
    expect(visits).toEqual([]);
    await close();
  });
});
