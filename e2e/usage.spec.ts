import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { startPipeline } from "@/e2e/pipeline";
import { openSecret, secretRow, secretsPath } from "@/e2e/secrets-screen";
import { addConnection, addSecret } from "@/testing/factories";
import { callAction, callerOf } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { database, insert } from "@/testing/tenant";

/** Waits until automate has stored this version as the last one that a pipeline read of a secret. */
async function readStored(secretId: string, version: number): Promise<void> {
  const text = `SELECT "lastVersion" FROM secret_reader WHERE "secretId" = $1`;
  await expect
    .poll(async () => (await database().query(text, [secretId])).rows.map(({ lastVersion }) => lastVersion))
    .toEqual([version]);
}

test("a person sees who uses a secret, which version, and since when it is outdated; and the same from the pipeline, the connection and the member", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  const { fabric, team, admin } = tenant;
  await signIn(context, tenant.user);
  const secretId = await addSecret(tenant);
  const name = (await database().query("SELECT name FROM secret WHERE id = $1", [secretId])).rows[0].name;
  const connectionId = await addConnection(tenant);
  await insert("connection_secret", { connectionId, field: "password", secretId, fabricId: fabric.id });
  await open(page, secretsPath(fabric));
  await expect(secretRow(page, name)).toContainText("Never");

  const pipeline = await startPipeline(tenant, "orders-run");
  await pipeline.read(name);
  await pipeline.read(name);
  await readStored(secretId, 1);
  const replaced = await callAction(await callerOf(admin), "replaceSecretAction", [
    fabric.id,
    { secretId, subKind: "text", expectedVersion: 1, destinationIds: [], fields: { value: "matrix" } },
  ]);
  expect(replaced).toMatchObject({ ok: true });

  await openSecret(page, fabric, name);
  const uses = page.getByRole("region", { name: "Used by" });
  await expect(uses).toContainText("Last used just now");
  await expect(
    uses.getByRole("img", { name: /^[12] reads? by pipelines in the last 30 days/ }),
  ).toBeVisible();
  const row = uses.getByRole("listitem").filter({ hasText: "orders-run" });
  await expect(row).toContainText("used version 1");
  await expect(row).toContainText("version 2 is current, set just now");
  await expect(uses.getByRole("listitem").filter({ hasText: "REST API" })).toContainText("Not checked");
  for (const dialog of ["Rename", "Replace value"]) {
    await page.getByRole("button", { name: dialog, exact: true }).click();
    await expect(page.getByRole("dialog").getByText("used version 1")).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);
  }
  await pipeline.read(name);
  await readStored(secretId, 2);

  await row.getByRole("link", { name: "orders-run" }).click();
  await expect(page.getByRole("heading", { name: "orders-run" })).toBeVisible();
  const read = page.getByRole("table", { name: "Secrets that it read" }).getByRole("row").nth(1);
  await expect(read).toContainText(name);
  await expect(read).toContainText("version 2");

  await open(page, `/metadata/fabrics/${fabric.id}/connections/${connectionId}`);
  await expect(page.getByRole("region", { name: "Secrets it uses" })).toContainText(name);
  await expect(page.getByRole("region", { name: "Pipelines that read through it" })).toContainText(
    "No pipeline",
  );

  // What the member created in a deleted fabric is counted, not named.
  await open(page, `/metadata/teams/${team.id}/members/${admin.id}`);
  await expect(page.getByRole("table", { name: "Secrets they created" })).toContainText(name);
  await expect(page.getByRole("table", { name: "Pipeline tokens they created" })).toContainText("orders-run");
  const deletion = { fabricId: fabric.id, requestedById: admin.id, requestedByName: admin.name };
  await insert("fabric_deletion", { ...deletion, destroyAt: new Date(Date.now() + 9e8) });
  await page.reload();
  await expect(page.getByRole("main")).toContainText("1 more secret is in deleted fabrics.");
  await expect(page.getByText(name)).toHaveCount(0);
});

test("a person lists the secrets that nothing uses, that fail, and that were never replaced", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  const { fabric } = tenant;
  await signIn(context, tenant.user);
  const [unused, failing, fresh] = [
    await addSecret(tenant),
    await addSecret(tenant),
    await addSecret(tenant),
  ];
  const { rows } = await database().query("SELECT id, name FROM secret WHERE id = ANY ($1)", [
    [unused, failing, fresh],
  ]);
  const nameOf = (id: string) => rows.find((row) => row.id === id)?.name;
  await database().query(
    `UPDATE secret_use SET "idleSince" = now() - interval '91 days' WHERE "secretId" = $1`,
    [unused],
  );
  const connectionId = await addConnection(tenant);
  await insert("connection_secret", {
    connectionId,
    field: "password",
    secretId: failing,
    fabricId: fabric.id,
  });
  const check = { fabricId: fabric.id, configHash: connectionId, code: "unreachable", actorId: "automate" };
  await insert("failing_check", { ...check, versions: JSON.stringify({ [failing]: 1 }) });

  await open(page, secretsPath(fabric));
  const state = page.getByRole("combobox", { name: "State" });
  const shown = page.getByRole("table", { name: "Secrets" }).getByRole("row");
  await state.selectOption("Unused for 90 days");
  await expect(shown).toHaveCount(2);
  await expect(shown.nth(1)).toContainText(nameOf(unused));
  await state.selectOption("Failing");
  await expect(shown.nth(1)).toContainText(nameOf(failing));
  await expect(shown.nth(1)).toContainText("1 failing");
  await expect(shown).toHaveCount(2);
  await state.selectOption("Never replaced");
  await expect(shown).toHaveCount(4);
  await page.getByRole("link", { name: "Last used" }).click();
  await expect(page).toHaveURL(/state=never_replaced&sort=used&order=desc/);
  await expect(shown).toHaveCount(4);
});
