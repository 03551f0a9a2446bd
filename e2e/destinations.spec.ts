import { v7 as uuidv7 } from "uuid";
import { expectAccessibleState } from "@/e2e/axe";
import { connectionRow, connectionsPath } from "@/e2e/connections-screen";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { startPipeline } from "@/e2e/pipeline";
import { callAction, callerOf } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { database, insert, type Tenant } from "@/testing/tenant";

async function run(
  person: Tenant["user"],
  { fabric }: Tenant,
  name: string,
  input: object,
): Promise<{ id: string }> {
  const created = await callAction(await callerOf(person), name, [fabric.id, input]);
  if (!created.ok) throw new Error(`${name}: ${JSON.stringify(created)}`);
  return created.value as { id: string };
}

/** The Admin's token and connection, and a function that reads it as a pipeline. */
async function addOrders(tenant: Tenant, value: string) {
  const secret = { subKind: "text", name: "api_token", fields: { value } };
  const { id: secretId } = await run(tenant.admin, tenant, "createSecretAction", secret);
  const input = (host: string) => ({
    name: "Orders",
    description: "",
    properties: { baseUrl: `https://${host}`, authType: "bearer", bearerToken: secretId },
  });
  const connection = { kind: "restapi", ...input("api.test.example") };
  const { id: connectionId } = await run(tenant.admin, tenant, "createConnectionAction", connection);
  const { token } = await startPipeline(tenant);
  return {
    secretId,
    connectionId,
    pointAt: (person: Tenant["user"], host: string) =>
      run(person, tenant, "updateConnectionAction", { connectionId, ...input(host) }),
    read: async () => {
      const url = new URL("/v1/connections/Orders", stack().automateUrl);
      const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      return { status: response.status, text: await response.text() };
    },
  };
}

test("a connection that a User points elsewhere gives out no secret, and says so until an Admin allows it", async ({
  page,
  context,
  tenant,
  canary,
}) => {
  const value = canary.value();
  const orders = await addOrders(tenant, value);
  expect((await orders.read()).text).toContain(value);
  await orders.pointAt(tenant.user, "theirs.test.example");
  const refused = await orders.read();
  expect([refused.status, refused.text.includes(canary.mark)]).toEqual([409, false]);
  expect(JSON.parse(refused.text).error.code).toBe("destination_not_allowed");

  await signIn(context, tenant.user);
  await open(page, connectionsPath(tenant.fabric));
  const row = connectionRow(page, "Orders");
  await expect(row).toContainText(
    "Pipelines can’t use this connection until its destination is allowed for api_token. Waiting for",
  );
  await expectAccessibleState(page, "A connection that pipelines cannot use", ["light", "dark"]);
  await row.getByRole("link", { name: "Orders" }).click();
  await expect(page.getByText("Pipelines can’t use this connection until this is allowed")).toBeVisible();
  await expect(page.getByText("HTTPS theirs.test.example").first()).toBeVisible();
  await expect(page.getByText("request approval")).toBeVisible();
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/activity`);
  await expect(page.getByText(/The connection’s destination is not allowed for a secret yet/)).toBeVisible();
  await expect(page.getByText(/host theirs\.test\.example:443, before api\.test\.example:443/)).toBeVisible();
  await orders.pointAt(tenant.user, "api.test.example");
  expect((await orders.read()).text).toContain(value);
});

test("Admins review the destinations that the upgrade allowed, and keep or remove each", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const orders = await addOrders(tenant, canary.value());
  for (const destination of ["https://kept.test.example:443", "https://gone.test.example:443?tls=require"])
    await insert("allowed_destination", {
      id: uuidv7(),
      fabricId: tenant.fabric.id,
      secretId: orders.secretId,
      version: 1,
      destination,
      createdById: "upgrade",
      createdByName: "Selvage",
      toReview: "Orders, Stock",
    });
  await signIn(context, tenant.admin);
  await open(page, connectionsPath(tenant.fabric));
  await page.getByRole("link", { name: "Review 2" }).click();
  const section = page.getByRole("region", { name: "Destinations to review (2)" });
  await expect(section).toContainText("HTTPS gone.test.example, TLS, certificate not verified");
  await expect(section).toContainText("Used by Orders, Stock");
  await expectAccessibleState(page, "Destinations to review", ["light", "dark"]);
  await section.getByRole("button", { name: /^Keep api_token to HTTPS kept/ }).click();
  await expect(page.getByText("Destination kept")).toBeVisible();
  const last = page.getByRole("region", { name: "Destinations to review (1)" });
  await last.getByRole("button", { name: /^Remove/ }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("Destination removed")).toBeVisible();
  await expect(last).toBeHidden();
  const { rows } = await database().query(
    `SELECT destination FROM allowed_destination WHERE "secretId" = $1 AND destination LIKE '%kept%'`,
    [orders.secretId],
  );
  expect(rows).toEqual([{ destination: "https://kept.test.example:443" }]);
  await signIn(context, tenant.user);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/advanced`);
  await expect(page.getByRole("region", { name: "New destinations" })).toBeVisible();
  await expect(page.getByText("Destinations to review")).toHaveCount(0);
});

test("an Admin allows the token server that a colleague entered", { tag: "@long" }, async ({
  page,
  context,
  tenant,
  canary,
}) => {
  const fields = { clientId: "c", clientSecret: canary.value(), authUrl: "https://idp.test.example/token" };
  const client = { subKind: "m2m_oauth", name: "crm", fields };
  const { id: secretId } = await run(tenant.admin, tenant, "createSecretAction", client);
  await signIn(context, tenant.admin);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/secrets/${secretId}`);
  await expect(page.getByRole("region", { name: "Allowed destinations" })).toContainText(
    "Token server idp.test.example, TLS",
  );
  await run(tenant.user, tenant, "replaceSecretAction", {
    secretId,
    subKind: "m2m_oauth",
    expectedVersion: 1,
    destinationIds: [],
    fields: { authUrl: "https://theirs.test.example/token" },
  });
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/secrets/${secretId}`);
  await expect(page.getByText("Pipelines get no tokens until the token server is allowed")).toBeVisible();
  await expectAccessibleState(page, "Token server", ["light", "dark"]);
  await page.getByRole("button", { name: /^Allow Token server theirs\.test\.example/ }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Allow" }).click();
  await expect(page.getByText("Token server allowed")).toBeVisible();
  await expect(page.getByText("Pipelines get no tokens until")).toHaveCount(0);
});
