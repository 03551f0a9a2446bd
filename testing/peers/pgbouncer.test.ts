import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase } from "@/testing/database";
import { startPgBouncer } from "@/testing/pgbouncer";
import { createTrials } from "@/testing/servers/check-trial";

const trials = createTrials();
let bouncer: Awaited<ReturnType<typeof startPgBouncer>>;
let url: URL;

beforeAll(async () => {
  const { ownerUrl } = await createTestDatabase("web");
  bouncer = await startPgBouncer("transaction", [ownerUrl]);
  url = new URL(bouncer.through(ownerUrl));
});

afterAll(async () => {
  trials.close();
  await bouncer?.stop();
});

function check(change: object = {}, password = decodeURIComponent(url.password)) {
  const { hostname: server, port, username, pathname } = url;
  const properties = { server, port, username, database: pathname.slice(1), tlsMode: "disable" };
  return trials.run("postgres", { ...properties, ...change }, { password });
}

test("PgBouncer in transaction mode accepts the sign-in", async () => {
  const { result, passed } = await check({ schema: "public" });
  expect(result).toMatchObject({ ok: true });
  expect(passed).toEqual(["name", "network", "sign_in", "permission"]);
});

test("each fault names its field", async () => {
  const results = [
    await check({}, "canary-wrong"),
    await check({ username: "nobody" }),
    await check({ database: "nothing" }),
    await check({ schema: "nothing" }),
    await check({ tlsMode: "verify-full" }),
  ];
  expect(results.map(({ result }) => !result.ok && `${result.code} ${result.field} ${result.step}`)).toEqual([
    "rejected_credentials password sign_in",
    "rejected_credentials password sign_in",
    "database_not_found database permission",
    "schema_not_found schema permission",
    "tls_not_offered tlsMode tls",
  ]);
});
