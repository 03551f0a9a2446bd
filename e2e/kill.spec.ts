import { randomUUID } from "node:crypto";
import { expect, test } from "@/e2e/fixtures";
import { requestSecret, startPipeline } from "@/e2e/pipeline";
import { type ProgramCopy, startAutomateCopy, startWebCopy } from "@/e2e/program-copy";
import { type Caller, callAction, callerOf } from "@/testing/server-actions";
import { stack } from "@/testing/stack-address";
import { database, type Tenant } from "@/testing/tenant";

const kills = 40;
// A large value, so that a kill interrupts work.
const valueBytes = 60_000;

// No other test of this file runs during restarts.
test.describe.configure({ mode: "default" });
test.setTimeout(60_000 + kills * 20_000);

type Attempt = { name: string; value: string; answered: boolean };

/** Creates secrets one after another until the program is gone, and adds each to `attempts` as it starts. */
async function createUntilGone(
  attempts: Attempt[],
  caller: Caller,
  tenant: Tenant,
  web: ProgramCopy,
  value: () => string,
) {
  for (;;) {
    const attempt = { name: `s${randomUUID()}`, value: value(), answered: false };
    attempts.push(attempt);
    const input = { subKind: "text", name: attempt.name, fields: { value: attempt.value } };
    const result = await callAction(caller, "createSecretAction", [tenant.fabric.id, input], web.url).catch(
      () => null,
    );
    if (!result?.ok) return;
    attempt.answered = true;
  }
}

/** Expects each secret to be complete and to open, or to be absent; each acknowledged one is present. */
async function expectWhole(tenant: Tenant, attempts: readonly Attempt[]) {
  const pipeline = await startPipeline(tenant);
  for (const { name, value, answered } of attempts) {
    const response = await requestSecret(pipeline.token, name);
    if (response.status === 404) expect(answered, `${name} was answered and is gone`).toBe(false);
    else expect(await response.json()).toMatchObject({ name, value, version: 1 });
  }
  const { rows } = await database().query(
    `SELECT s.id FROM secret s WHERE s."fabricId" = $1 AND (
       NOT EXISTS (SELECT 1 FROM secret_version v WHERE v."secretId" = s.id)
       OR NOT EXISTS (SELECT 1 FROM secret_field f WHERE f."secretId" = s.id)
       OR NOT EXISTS (SELECT 1 FROM secret_name n WHERE n."secretId" = s.id AND n."retiredAt" IS NULL)
       OR NOT EXISTS (SELECT 1 FROM audit_event e WHERE e."objectId" = s.id AND e.action = 'secret.create'))`,
    [tenant.fabric.id],
  );
  expect(rows, "halves of secrets").toEqual([]);
}

test("web killed during creates leaves each secret complete or absent", { tag: "@long" }, async ({
  tenant,
  canary,
}) => {
  const web = await startWebCopy("web-killed");
  const caller = await callerOf(tenant.user);
  const value = () => canary.value().padEnd(valueBytes, "x");
  const attempts: Attempt[] = [];
  try {
    for (let i = 0; i < kills; i++) {
      const creating = Promise.all(
        [1, 2, 3].map(() => createUntilGone(attempts, caller, tenant, web, value)),
      );
      const answers = () => attempts.filter(({ answered }) => answered).length;
      await expect.poll(answers).toBeGreaterThan(answers() + Math.floor(Math.random() * 6));
      await web.kill();
      await creating;
      await web.restart();
    }
  } finally {
    await web.stop();
  }
  await expectWhole(tenant, attempts);
});

test("web killed during replacements leaves the old or the new value, with its version", {
  tag: "@long",
}, async ({ tenant, canary }) => {
  const web = await startWebCopy("web-killed");
  const caller = await callerOf(tenant.user);
  const pipeline = await startPipeline(tenant);
  const fields = () => ({
    username: canary.value().padEnd(1000, "u"),
    password: canary.value().padEnd(valueBytes, "p"),
  });
  const first = fields();
  const created = await callAction(caller, "createSecretAction", [
    tenant.fabric.id,
    { subKind: "username_password", name: "replaced", fields: first },
  ]);
  const secretId =
    created.ok && typeof created.value === "object" && created.value !== null && "id" in created.value
      ? created.value.id
      : undefined;
  // For each version, the values that a replacement tried to store.
  const tried: Record<number, object[]> = { 1: [first] };
  let version = 1;
  try {
    for (let i = 0; i < kills; i++) {
      const replacing = (async () => {
        for (;;) {
          const next = fields();
          tried[version + 1] = [...(tried[version + 1] ?? []), next];
          const input = { subKind: "username_password", secretId, expectedVersion: version, fields: next };
          const result = await callAction(
            caller,
            "replaceSecretAction",
            [tenant.fabric.id, input],
            web.url,
          ).catch(() => null);
          if (!result?.ok) return;
          version += 1;
        }
      })();
      await expect.poll(() => version).toBeGreaterThan(i + 1);
      await web.kill();
      await replacing;
      await web.restart();
      const read = await pipeline.read("replaced");
      expect([version, version + 1]).toContain(read.version);
      expect(tried[read.version]).toContainEqual(read.value);
      version = read.version;
    }
  } finally {
    await web.stop();
  }
});

test("automate killed while it creates keys and returns values loses nothing, and serves again", {
  tag: "@long",
}, async ({ tenant, canary }) => {
  const automate = await startAutomateCopy("automate-killed");
  const web = await startWebCopy("web-of-killed-automate", () => ({ AUTOMATE_URL: automate.internalUrl }));
  const admin = await callerOf(tenant.admin);
  const value = canary.value();
  await callAction(admin, "createSecretAction", [
    tenant.fabric.id,
    { subKind: "text", name: "steady", fields: { value } },
  ]);
  const { token } = await startPipeline(tenant);
  const answered: string[] = [];
  try {
    for (let i = 0; i < kills; i++) {
      let isGone = false;
      const reading = (async () => {
        while (!isGone) {
          const response = await fetch(new URL("/v1/secrets/steady", automate.url), {
            headers: { authorization: `Bearer ${token}` },
          }).catch(() => null);
          if (response?.ok) expect(await response.json().catch(() => ({ value }))).toMatchObject({ value });
        }
      })();
      const making = (async () => {
        while (!isGone) {
          const name = `Fabric ${randomUUID()}`;
          const created = await callAction(
            admin,
            "createFabricAction",
            [tenant.team.id, { name, description: "", provider: "none" }],
            web.url,
          );
          if (created.ok) answered.push(name);
        }
      })();
      const before = answered.length;
      await expect.poll(() => answered.length).toBeGreaterThan(before);
      await automate.kill();
      isGone = true;
      await Promise.all([reading, making]);
      await automate.restart();
    }
  } finally {
    await web.stop();
    await automate.stop();
  }
  const { rows } = await database().query<{ id: string; name: string; keys: number }>(
    `SELECT f.id, f.name, (SELECT count(*)::int FROM fabric_key k WHERE k."fabricId" = f.id) AS keys
     FROM fabric f WHERE f."teamId" = $1`,
    [tenant.team.id],
  );
  expect(rows.filter(({ keys }) => keys !== 1)).toEqual([]);
  expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(answered));
  // Each key can seal, and opens the values sealed to it.
  for (const { id } of rows) {
    const secret = { subKind: "text", name: "probe", fields: { value: canary.value() } };
    expect(await callAction(admin, "createSecretAction", [id, secret])).toMatchObject({ ok: true });
    const read = await startPipeline({ admin: tenant.admin, fabric: { id, name: "" } });
    expect((await read.read("probe")).value).toBe(secret.fields.value);
  }
  expect(stack().automateUrl).not.toBe(automate.url);
});
