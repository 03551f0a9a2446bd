import pg from "pg";
import { expectAccessibleState } from "@/e2e/axe";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { startPipeline } from "@/e2e/pipeline";
import { field } from "@/e2e/secrets-screen";
import { callAction, callerOf } from "@/testing/server-actions";
import { createPostgresLogin, type PostgresLogin } from "@/testing/servers/postgres-login";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import type { Tenant } from "@/testing/tenant";

async function add(tenant: Tenant, action: string, input: object): Promise<string> {
  const made = await callAction(await callerOf(tenant.admin), action, [tenant.fabric.id, input]);
  if (!made.ok) throw new Error(JSON.stringify(made));
  return String((made.value as { id: string }).id);
}

function login(name: string, username: string, password: string) {
  return { subKind: "username_password", name, description: "", fields: { username, password } };
}

async function signsIn({ server, port, database }: PostgresLogin, user: string, password: string) {
  const client = new pg.Client({ host: server, port: Number(port), database, user, password });
  const isIn = await client.connect().then(
    () => true,
    () => false,
  );
  await client.end().catch(() => {});
  return isIn;
}

test("an Admin sets up the rotation of a pair of real PostgreSQL users, rotates it, and no sign-in fails", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  const url = stack().databaseUrl;
  const [first, second, admin] = [
    await createPostgresLogin(url),
    await createPostgresLogin(url),
    await createPostgresLogin(url),
  ];
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  await owner.query(`GRANT CONNECT ON DATABASE ${first.database} TO ${second.username}, ${admin.username}`);
  await owner.query(`ALTER ROLE ${admin.username} CREATEROLE`);
  await owner.query(`GRANT ${first.username}, ${second.username} TO ${admin.username} WITH ADMIN OPTION`);
  await owner.end();
  const secretId = await add(tenant, "createSecretAction", login("orders", first.username, first.password));
  const adminId = await add(
    tenant,
    "createSecretAction",
    login("admin_login", admin.username, admin.password),
  );
  const { server, port, database } = first;
  const connectionId = await add(tenant, "createConnectionAction", {
    kind: "postgres",
    name: "Orders",
    description: "",
    properties: { server, port, database, tlsMode: "disable", password: secretId },
  });
  const { token } = await startPipeline(tenant);
  const read = async () => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(new URL("/v1/secrets/orders", stack().automateUrl), { headers });
    return (await answer.json()).value as { username: string; password: string };
  };

  await signIn(context, tenant.admin);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/secrets/${secretId}`);
  await page.getByRole("button", { name: "Set up rotation" }).click();
  const dialog = page.getByRole("dialog", { name: "Set up rotation" });
  await dialog.getByLabel("Method").selectOption({ label: "A pair of users in turn, by an administrator" });
  await dialog.getByRole("button", { name: "Set up", exact: true }).click();
  await expect(dialog.getByText("Choose a secret.")).toBeVisible();
  await dialog.getByLabel("Administrator’s secret").selectOption({ label: "admin_login" });
  await field(dialog, "First user").fill(first.username);
  await field(dialog, "Second user").fill(second.username);
  await dialog.getByLabel("When").selectOption({ label: "Every 30 days" });
  await expectAccessibleState(page, "Set up rotation", ["light", "dark"]);
  await dialog.getByRole("button", { name: "Set up", exact: true }).click();
  // Its destination is new for the administrator's secret: nothing was sent yet.
  const allow = dialog.getByRole("checkbox", { name: /^Allow it to be sent to/ });
  await expect(allow).toBeFocused();
  await allow.check();
  await dialog.getByRole("button", { name: "Set up", exact: true }).click();
  await expect(dialog).toHaveCount(0);
  const section = page.getByRole("region", { name: "Rotation" });
  await expect(section).toContainText(
    `admin_login sets the passwords of ${first.username} and ${second.username} in turn, every 30 days.`,
  );

  await section.getByRole("button", { name: "Rotate now" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Rotate now" }).click();
  await expect(section).toContainText(`User ${second.username} has a new password, in version 2.`, {
    timeout: 20_000,
  });
  const value = await read();
  expect(value.username).toBe(second.username);
  expect(await signsIn(first, second.username, value.password)).toBe(true);
  expect(await signsIn(first, first.username, first.password)).toBe(true);
  await expectAccessibleState(page, "Rotation", ["light", "dark"]);

  // The former user keeps its password for the overlap of a day.
  const overlap = new RegExp(
    `${first.username} keeps its password until \\d+ \\w+ \\d{4}, \\d\\d:\\d\\d UTC`,
  );
  await expect(section).toContainText(overlap);
  const rotate = section.getByRole("button", { name: "Rotate now" });
  await expect(rotate).toBeDisabled();
  await expect(rotate).toHaveAccessibleDescription(overlap);
  const early = await callAction(await callerOf(tenant.admin), "rotatePasswordAction", [
    tenant.fabric.id,
    { secretId },
  ]);
  expect(early).toMatchObject({ code: "too_early", fieldErrors: { root: expect.stringMatching(overlap) } });

  // The administrator's secret is in use, and so is the connection.
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/secrets/${adminId}`);
  await expect(page.getByRole("region", { name: "Used by" })).toContainText("1 rotation");
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  const inUse = page.getByRole("dialog", { name: "“admin_login” is in use" });
  await expect(inUse.getByRole("link", { name: "orders" })).toBeVisible();
  await expectAccessibleState(page, "A secret that a rotation uses", ["light", "dark"]);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/connections/${connectionId}`);
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await expect(page.getByRole("alertdialog")).toContainText(
    "The rotation of orders goes through it, and fails",
  );
  await page.getByRole("alertdialog").getByRole("button", { name: "Cancel" }).click();
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/secrets/${secretId}`);

  await signIn(context, tenant.user);
  await page.reload();
  await expect(section).toContainText("every 30 days");
  await expect(section.getByRole("button")).toHaveCount(0);
});

test("an Admin sets up the rotation of a Snowflake user’s keys, which has no password’s settings", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  const fields = { value: "-----BEGIN PRIVATE KEY-----" };
  const secretId = await add(tenant, "createSecretAction", {
    ...{ subKind: "text", name: "etl_key", description: "", fields },
  });
  const place = { warehouse: "COMPUTE_WH", database: "SALES", schema: "PUBLIC", role: "PIPELINES" };
  await add(tenant, "createConnectionAction", {
    ...{ kind: "snowflake", name: "Sales", description: "" },
    properties: {
      ...{ account: "myorg-acct", authType: "key_pair", username: "etl", privateKey: secretId },
      ...place,
    },
  });
  await signIn(context, tenant.admin);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/secrets/${secretId}`);
  await page.getByRole("button", { name: "Set up rotation" }).click();
  const dialog = page.getByRole("dialog", { name: "Set up rotation" });
  await expect(dialog.getByLabel("Method").getByRole("option")).toHaveText([
    "The user’s two key slots in turn",
  ]);
  await expect(field(dialog, "Length")).toHaveCount(0);
  await field(dialog, "Overlap in hours").fill("0");
  await dialog.getByRole("button", { name: "Set up", exact: true }).click();
  await expect(dialog.getByText("Enter a whole number of hours from 1 to 2160.")).toBeVisible();
  await field(dialog, "Overlap in hours").fill("48");
  await expectAccessibleState(page, "Set up rotation of keys", ["light", "dark"]);
  await dialog.getByRole("button", { name: "Set up", exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole("region", { name: "Rotation" })).toContainText(
    "The user changes its own key pair, when an Admin starts it. At the server of Sales.",
  );

  // The secret has no readable key: nothing reaches Snowflake, and the new key does not stay on the screen.
  await page.getByRole("button", { name: "Rotate now" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Rotate now" }).click();
  await expect(page.getByRole("region", { name: "Rotation" })).toContainText(
    "The server still has the former key. The chosen secret is not a readable private key.",
    { timeout: 20_000 },
  );
  await expect(page.getByRole("button", { name: "Replace value" })).toBeVisible();
});
