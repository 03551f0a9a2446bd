import { expect, test } from "@/e2e/fixtures";
import { requestSecret, startPipeline } from "@/e2e/pipeline";
import { findLeaks } from "@/testing/canary";
import { callAction, callerOf } from "@/testing/server-actions";
import { sendSigned } from "@/testing/signed-request";
import { stack } from "@/testing/stack-address";
import type { Tenant } from "@/testing/tenant";
import { createTenant, createToken, database } from "@/testing/tenant";

async function addText(tenant: Tenant, name: string, value: string) {
  const created = await callAction(await callerOf(tenant.user), "createSecretAction", [
    tenant.fabric.id,
    { subKind: "text", name, fields: { value } },
  ]);
  expect(created.ok).toBe(true);
}

async function eventsOf(tenant: Tenant, action: string) {
  const { rows } = await database().query<{
    objectName: string;
    actorName: string;
    writer: string;
    details: object;
  }>(
    `SELECT "objectName", "actorName", writer, details FROM audit_event
     WHERE "fabricId" = $1 AND action = $2 ORDER BY id`,
    [tenant.fabric.id, action],
  );
  return rows;
}

test("a pipeline token reads a secret of its fabric by its name in any case, and automate records the use", async ({
  tenant,
  canary,
}) => {
  const value = canary.value();
  await addText(tenant, "Api_Token", value);
  const { token } = await startPipeline(tenant, "nightly-load");
  const response = await requestSecret(token, "api_token");
  expect(response.status).toBe(200);
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(await response.json()).toEqual({ name: "Api_Token", subKind: "text", version: 1, value });
  expect(await eventsOf(tenant, "secret.use")).toMatchObject([
    { objectName: "Api_Token", actorName: "nightly-load", writer: "selvage_automate_login" },
  ]);
});

test("without a valid token every name gets the same 401, whether it exists or not", async ({
  tenant,
  canary,
}) => {
  await addText(tenant, "there", canary.value());
  const expired = await createToken(tenant, { expiresAt: new Date(Date.now() - 1000).toISOString() });
  const revoked = await createToken(tenant);
  await sendSigned({ userId: tenant.admin.id, fabricId: tenant.fabric.id }, "token:revoke", {
    tokenId: revoked.id,
  });
  const answers = new Set<string>();
  for (const token of [null, "", "svp_short", `svp_${"A".repeat(43)}`, expired.token, revoked.token]) {
    for (const name of ["there", "not_there"]) {
      const response = await requestSecret(token, name);
      expect(response.status, `${token} ${name}`).toBe(401);
      answers.add(await response.text());
    }
  }
  expect(answers.size).toBe(1);
  expect(JSON.parse([...answers].join())).toEqual({
    error: { code: "unauthorized", message: expect.any(String) },
  });
});

test("a name of another fabric gets the same answer as an unknown one, and automate records the refusal", async ({
  tenant,
  canary,
}) => {
  const other = await createTenant("Other");
  await addText(other, "theirs", canary.value());
  const { token } = await startPipeline(tenant);
  await addText(tenant, "ours", canary.value());
  const [foreign, none] = await Promise.all([requestSecret(token, "theirs"), requestSecret(token, "our")]);
  expect([foreign.status, none.status]).toEqual([404, 404]);
  const body = await foreign.text();
  expect(body).toBe(await none.text());
  expect(JSON.parse(body)).toEqual({ error: { code: "not_found", message: expect.any(String) } });
  // The event shows a mistyped name in clear, and any text unlike a name only by its length.
  expect((await eventsOf(tenant, "secret.refuse")).map(({ objectName }) => objectName).sort()).toEqual([
    "",
    "our",
  ]);
});

test("automate returns no value when it cannot write the audit event", async ({ tenant, canary }) => {
  await addText(tenant, "guarded", canary.value());
  const { token } = await startPipeline(tenant);
  const { id } = tenant.fabric;
  const rule = `refuse_${id.replaceAll("-", "")}`;
  await database().query(
    `CREATE FUNCTION ${rule}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the disk is full'; END $$`,
  );
  await database().query(
    `CREATE TRIGGER ${rule} BEFORE INSERT ON audit_event FOR EACH ROW
     WHEN (NEW."fabricId" = '${id}' AND NEW.action = 'secret.use') EXECUTE FUNCTION ${rule}()`,
  );
  try {
    const response = await requestSecret(token, "guarded");
    expect(response.status).toBe(500);
    const body = await response.text();
    expect(JSON.parse(body)).toEqual({ error: { code: "unexpected", message: expect.any(String) } });
    expect(findLeaks("answer", body, canary.mark)).toEqual([]);
  } finally {
    await database().query(`DROP FUNCTION ${rule} CASCADE`);
  }
  expect((await requestSecret(token, "guarded")).status).toBe(200);
});

test("automate returns a value only after its audit event is committed", async ({ tenant, canary }) => {
  await addText(tenant, "waiting", canary.value());
  const { token } = await startPipeline(tenant);
  const client = await database().connect();
  try {
    await client.query("BEGIN");
    // This lock blocks writers of the table and lets readers continue.
    await client.query("LOCK TABLE audit_event IN SHARE MODE");
    let isAnswered = false;
    const pending = requestSecret(token, "waiting").finally(() => {
      isAnswered = true;
    });
    await expect
      .poll(async () => {
        const { rows } = await client.query<{ waiting: number }>(
          "SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted AND relation = 'audit_event'::regclass",
        );
        return rows[0]?.waiting;
      })
      .toBeGreaterThan(0);
    // Requests that record nothing are still answered.
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(new URL("/v1/whoami", stack().automateUrl), { headers })).status).toBe(200);
    expect(isAnswered).toBe(false);
    await client.query("COMMIT");
    expect((await pending).status).toBe(200);
  } finally {
    await client.query("ROLLBACK");
    client.release();
  }
});

test("automate does not echo, log or record a text that is not a name", async ({ tenant, canary }) => {
  const { token } = await startPipeline(tenant);
  const pasted = `${canary.value()} pasted by mistake`;
  const response = await requestSecret(token, pasted);
  expect(response.status).toBe(404);
  expect(findLeaks("answer", await response.text(), canary.mark)).toEqual([]);
});

test("automate reports that it is alive and ready, and nothing else to strangers", async () => {
  const answer = async (path: string) => (await fetch(new URL(path, stack().automateUrl))).status;
  expect(await answer("/healthz")).toBe(200);
  expect(await answer("/readyz")).toBe(200);
  for (const path of ["/", "/v1", "/v1/secrets", "/internal", "/metrics"])
    expect(await answer(path)).toBe(404);
});

test("automate answers web's requests on a separate port, and nothing else there", async ({ tenant }) => {
  const { automateUrl, automateInternalUrl } = stack();
  const { token } = await startPipeline(tenant);
  const statuses = async (base: string) =>
    Promise.all(
      (["GET /healthz", "GET /v1/secrets/any", "POST /internal/pipeline-tokens"] as const).map(
        async (line) => {
          const [method = "", path = ""] = line.split(" ");
          const headers = { authorization: `Bearer ${token}` };
          return (await fetch(new URL(path, base), { method, headers })).status;
        },
      ),
    );
  const missing = 404;
  expect(await statuses(automateUrl)).toEqual([200, missing, missing]);
  expect(await statuses(automateInternalUrl)).toEqual([200, missing, 401]);
});
