import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { destinationKey } from "@/lib/connectors/destination";
import { findConnector } from "@/lib/connectors/registry";
import { visibleFields } from "@/lib/connectors/validate";
import type { Example } from "@/testing/connection-examples/define";
import { examples } from "@/testing/connection-examples/registry";
import { type Authority, createAuthority } from "@/testing/servers/certificates";
import { type Listening, listen } from "@/testing/servers/listening";
import { createManyChecks } from "@/testing/servers/many-checks";
import { createJob } from "@/testing/servers/trial-job";

/*
 * A colleague with every right of a User points a connection, which uses somebody else's secret where it may go, at a
 * listener of their own. What would send the secret to a new place is not theirs to allow (destinations.test.ts); what
 * would not is run here, and must not come to the listener.
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

/** What may be typed into any field to lead a careless driver astray. */
function lures(port: number): string[] {
  const place = `127.0.0.1:${port}`;
  const more = process.env.RUN_LONG ? [`https://${place}/`, `//${place}/`] : [];
  return [place, `x@${place}/`, ...more];
}

/** By each secret of a connection, where it would go; null when these settings are not accepted at all. */
function placesOf(kind: string, { properties, secrets }: Pick<Example, "properties" | "secrets">) {
  try {
    const { destinations } = createJob(kind, properties, secrets);
    return destinations.flatMap((place) =>
      place.secretFields.map((field) => `${field} → ${destinationKey(place)}`),
    );
  } catch {
    return null;
  }
}

it("would see a check that comes to the listener", async () => {
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
    const home = new Set(placesOf(kind, example));
    expect(home.size).toBeGreaterThan(0);
    const connector = findConnector(kind);
    const fields = visibleFields(connector as NonNullable<typeof connector>, example.properties);
    for (const field of fields.filter((name) => !(name in example.secrets))) {
      for (const lure of lures(listener.port)) {
        const astray = { ...example, properties: { ...example.properties, [field]: lure } };
        const places = placesOf(kind, astray);
        const isHome = places?.every((place) => home.has(place));
        if (isHome) await checks.run(kind, astray, { routes, authorities: [authority.cert] }, 1000);
      }
    }
    expect(visits).toEqual([]);
    await close();
  });
});
