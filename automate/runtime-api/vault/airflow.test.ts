import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { flushAggregatedEvents } from "@/automate/secrets/aggregated-events";
import { startVaultDialect, type VaultDialect } from "@/testing/vault-dialect";

let { owner, fabric, url, mount, token, addToken, addConnection, allow, close } = {} as VaultDialect;

beforeAll(async () => {
  const dialect = await startVaultDialect([
    { id: "db_password", subKind: "text", fields: { value: "open sesame" } },
    { id: "url", name: "variables.url", subKind: "text", fields: { value: "https://example.com" } },
    { id: "old", name: "connections.old", subKind: "text", fields: { value: "as before" } },
  ]);
  ({ owner, fabric, url, mount, token, addToken, addConnection, allow, close } = dialect);
  for (const name of ["orders", "old"]) await addConnection(name, "db_password");
});

afterAll(() => close());

beforeEach(() => owner.allowedDestination.deleteMany());

async function read(path: string, as = token) {
  const answer = await fetch(`${url}/vault/v1/${mount}/data/${path}`, { headers: { "x-vault-token": as } });
  return { status: answer.status, json: await answer.json() };
}

const refusals = async () => {
  await flushAggregatedEvents();
  const events = await owner.auditEvent.findMany({
    where: { action: "connection.refuse" },
    orderBy: { id: "asc" },
  });
  return events.map(({ details }) => (details as { code: string }).code);
};

describe("Airflow's path of a connection", () => {
  test("answers conn_uri, and automate records the use with the connection", async () => {
    await allow("db_password");
    const { status, json } = await read("connections/orders");
    expect([status, json.data.data]).toEqual([
      200,
      {
        conn_uri:
          "postgres://svc:open%20sesame@db.example.com:5432/sales?__extra__=%7B%22sslmode%22%3A%22verify-full%22%7D",
      },
    ]);
    const use = await owner.auditEvent.findFirstOrThrow({
      where: { action: "secret.use" },
      orderBy: { id: "desc" },
    });
    expect(use).toMatchObject({ objectName: "db_password", details: { connection: "orders" } });
  });

  test("sends a secret to no destination that nobody allowed, and says where to allow it", async () => {
    const uses = () => owner.auditEvent.count({ where: { action: "secret.use" } });
    const before = await uses();
    const { status, json } = await read("connections/orders");
    expect(status).toBe(403);
    expect(json).toEqual({
      errors: [expect.stringMatching(/^permission denied: .*orders.*db_password.*db\.example\.com:5432/)],
    });
    expect((await refusals()).at(-1)).toBe("destination_not_allowed");
    expect(await uses()).toBe(before);
  });

  test("keeps the limits of a token", async () => {
    await allow("db_password");
    const ofSecret = await addToken(fabric, { secretIds: ["url"] });
    expect(await read("connections/orders", ofSecret)).toEqual({ status: 404, json: { errors: [] } });
    expect((await refusals()).at(-1)).toBe("not_found");
    const pinned = await addToken(fabric, { connectionIds: ["orders"], pins: { orders: ["db_password"] } });
    expect((await read("connections/orders", pinned)).status).toBe(200);
    expect((await read("db_password", pinned)).status).toBe(404);
    const unconfirmed = await addToken(fabric, { connectionIds: ["orders"], pins: { orders: [] } });
    expect((await read("connections/orders", unconfirmed)).status).toBe(403);
    expect((await refusals()).at(-1)).toBe("not_confirmed");
  });

  test("is a capability of a token that is limited to the connection", async () => {
    const as = await addToken(fabric, { connectionIds: ["orders"], pins: { orders: ["db_password"] } });
    const paths = ["orders", "old", "none"].map((name) => `${mount}/data/connections/${name}`);
    const answer = await fetch(`${url}/vault/v1/sys/capabilities-self`, {
      method: "POST",
      headers: { "x-vault-token": as },
      body: JSON.stringify({ paths }),
    });
    const { data } = await answer.json();
    expect(paths.map((path) => data[path])).toEqual([["read"], ["deny"], ["deny"]]);
  });

  test("is 404 for a missing connection, and a secret of that path is read as before", async () => {
    expect(await read("connections/none")).toEqual({ status: 404, json: { errors: [] } });
    expect((await read("connections/old")).json.data.data).toEqual({ value: "as before" });
    expect((await read("variables/url")).json.data.data).toEqual({ value: "https://example.com" });
    expect((await read("connections/orders/more")).status).toBe(404);
  });
});
