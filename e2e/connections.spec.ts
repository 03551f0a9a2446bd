import net from "node:net";
import { expectNoSidewaysScroll } from "@/e2e/axe";
import {
  checkPanel,
  chooseSecret,
  clickAtRest,
  connectionRow,
  connectionsPath,
  fillConnection,
  openNewSecret,
  openPicker,
  picker,
  startConnection,
} from "@/e2e/connections-screen";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { field, fillSecret } from "@/e2e/secrets-screen";
import { callAction, callerOf } from "@/testing/server-actions";
import { listen } from "@/testing/servers/listening";
import { createPostgresLogin, type PostgresLogin } from "@/testing/servers/postgres-login";
import { startRawServer } from "@/testing/servers/raw-server";
import { startRestApiServer } from "@/testing/servers/rest-api-server";
import { startSftpServer } from "@/testing/servers/sftp-server";
import { startTokenServer } from "@/testing/servers/token-server";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { database, type Person, type Tenant } from "@/testing/tenant";

async function addSecret(
  tenant: Tenant,
  by: Person,
  secret: { subKind: string; name: string; fields: Record<string, string> },
) {
  expect(
    await callAction(await callerOf(by), "createSecretAction", [tenant.fabric.id, secret]),
  ).toMatchObject({
    ok: true,
  });
}

function fieldsOf(login: PostgresLogin): Record<string, string> {
  return {
    "Connection Name": "Warehouse",
    Server: login.server,
    Port: login.port,
    Database: login.database,
    Username: login.username,
    Encryption: "No encryption",
  };
}

test("a person creates a PostgreSQL connection with New Secret in its picker; Selvage validates it at once and saves it", async ({
  page,
  context,
  tenant,
  canary,
}) => {
  const login = await createPostgresLogin(stack().databaseUrl, { password: canary.value() });
  await signIn(context, tenant.user);
  await open(page, connectionsPath(tenant.fabric));
  await expect(page.getByText("No connections yet")).toBeVisible();
  await startConnection(page, tenant.fabric, "PostgreSQL");
  await fillConnection(page, fieldsOf(login));
  const dialog = await openNewSecret(page, "Password");
  await fillSecret(page, dialog, { type: "Text", name: "warehouse_password", value: login.password });
  await dialog.getByRole("button", { name: "Create" }).click();

  await expect(picker(page, "Password")).toContainText("warehouse_password");
  // The check starts automatically: nobody pressed Check.
  await expect(checkPanel(page).getByText("The check passed.")).toBeVisible();
  await expect(field(page, "Database")).toHaveValue(login.database);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(connectionRow(page, "Warehouse")).toContainText("Connected");

  const destinations = await database().query<{ destination: string }>(
    `SELECT destination FROM allowed_destination WHERE "fabricId" = $1`,
    [tenant.fabric.id],
  );
  expect(destinations.rows).toEqual([
    { destination: `postgres://${login.server}:${login.port}?tls=disable` },
  ]);
  await login.drop();
});

test("the check names a wrong password at its field, and replacing the value makes the connection work", async ({
  page,
  context,
  tenant,
  canary,
}) => {
  const login = await createPostgresLogin(stack().databaseUrl, { password: canary.value() });
  await addSecret(tenant, tenant.user, {
    subKind: "text",
    name: "db_password",
    fields: { value: canary.value() },
  });
  await signIn(context, tenant.user);
  await startConnection(page, tenant.fabric, "PostgreSQL");
  await fillConnection(page, fieldsOf(login));
  await chooseSecret(page, "Password", "db_password");
  await expect(checkPanel(page).getByText("The server rejected these credentials.")).toBeVisible();
  await expect(picker(page, "Password")).toHaveAttribute("aria-invalid", "true");
  await expect(picker(page, "Password")).toHaveAccessibleDescription(/rejected these credentials/);
  await page.getByRole("button", { name: "Save anyway" }).click();
  await expect(connectionRow(page, "Warehouse")).toContainText("Disconnected");

  const secret = await database().query<{ id: string }>(`SELECT id FROM secret WHERE "fabricId" = $1`, [
    tenant.fabric.id,
  ]);
  const allowed = await database().query<{ id: string }>(
    `SELECT id FROM allowed_destination WHERE "fabricId" = $1`,
    [tenant.fabric.id],
  );
  const replaced = await callAction(await callerOf(tenant.user), "replaceSecretAction", [
    tenant.fabric.id,
    {
      subKind: "text",
      secretId: secret.rows[0]?.id,
      expectedVersion: 1,
      fields: { value: login.password },
      destinationIds: allowed.rows.map(({ id }) => id),
    },
  ]);
  expect(replaced).toMatchObject({ ok: true });
  await open(page, connectionsPath(tenant.fabric));
  await expect(connectionRow(page, "Warehouse")).toContainText("Not checked");
  await connectionRow(page, "Warehouse").getByRole("button", { name: "Check Warehouse" }).click();
  await expect(connectionRow(page, "Warehouse")).toContainText("Connected");
  await login.drop();
});

test("a person replaces a wrong password at its field: the check passes, and the form keeps its input", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const login = await createPostgresLogin(stack().databaseUrl, { password: canary.value() });
  const name = `db_password_of_${"a_long_name".repeat(8)}`;
  await addSecret(tenant, tenant.user, { subKind: "text", name, fields: { value: canary.value() } });
  await signIn(context, tenant.user);
  await startConnection(page, tenant.fabric, "PostgreSQL");
  await fillConnection(page, fieldsOf(login));
  await expect((await openPicker(page, "Password")).getByRole("button", { name: /^Replace/ })).toHaveCount(0);
  await page.keyboard.press("Escape");
  await chooseSecret(page, "Password", name);
  await expect(checkPanel(page).getByText("The server rejected these credentials.")).toBeVisible();

  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSidewaysScroll(page, "a secret of a long name");
  const popup = await openPicker(page, "Password");
  await clickAtRest(popup.getByRole("button", { name: `Replace value of ${name}` }));
  const dialog = page.getByRole("dialog", { name: "Replace value" });
  // The failed check had permission for its destination, and the new value keeps it.
  await expect(dialog.getByRole("checkbox", { name: /^PostgreSQL / })).toBeChecked();
  await field(dialog, "Value").fill(login.password);
  await dialog.getByRole("button", { name: "Replace", exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await expect(picker(page, "Password")).toBeFocused();

  // The check runs again automatically.
  await expect(checkPanel(page).getByText("The check passed.")).toBeVisible();
  await expect(picker(page, "Password")).not.toHaveAttribute("aria-invalid", "true");
  await expect(picker(page, "Password")).toContainText(name);
  await expect(field(page, "Username")).toHaveValue(login.username);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(connectionRow(page, "Warehouse")).toContainText("Connected");

  // Again with the saved connection, where each opening starts with the version of that moment.
  await page.getByRole("link", { name: "Warehouse", exact: true }).click();
  for (const [value, outcome] of [
    [canary.value(), "The server rejected these credentials."],
    [login.password, "The check passed."],
  ] as const) {
    await clickAtRest(
      (await openPicker(page, "Password")).getByRole("button", { name: `Replace value of ${name}` }),
    );
    await field(dialog, "Value").fill(value);
    await dialog.getByRole("button", { name: "Replace", exact: true }).click();
    await expect(checkPanel(page).getByText(outcome)).toBeVisible();
  }
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Former value is back")).toBeVisible();
  await expect(checkPanel(page).getByText("The server rejected these credentials.")).toBeVisible();
  await page.getByRole("link", { name: "All connections" }).click();
  await expect(connectionRow(page, "Warehouse")).toBeVisible();
  await login.drop();
});

test("a check reaches a REST API with a token that an M2M OAuth secret obtained from a real token server", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const client = { clientId: canary.value(), clientSecret: canary.value() };
  const tokens = await startTokenServer({ client, scope: "read" });
  const api = await startRestApiServer({ isValidToken: tokens.isValid });
  await signIn(context, tenant.user);
  await startConnection(page, tenant.fabric, "REST API");
  await fillConnection(page, {
    "Connection Name": "Orders",
    "Base URL": api.baseUrl,
    Encryption: "No encryption",
    "Authentication method": "OAuth client credentials",
  });
  const dialog = await openNewSecret(page, "OAuth client");
  await fillSecret(page, dialog, {
    type: "M2M OAuth",
    name: "orders_client",
    fields: {
      "Client ID": client.clientId,
      "Client Secret": client.clientSecret,
      "Auth URL": tokens.authUrl,
      Scope: "read",
    },
  });
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(checkPanel(page).getByText("The check passed.")).toBeVisible();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(connectionRow(page, "Orders")).toContainText("Connected");
  expect(api.requests).toContain("GET /");
  await Promise.all([api.close(), tokens.close()]);
});

test("a REST API that echoes its requests leaks nothing, with basic, bearer and API key", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const basic = { username: canary.value(), password: canary.value() };
  const bearer = canary.value();
  const apiKey = { name: "X-API-Key", value: canary.value() };
  const api = await startRestApiServer({ basic, bearer, apiKey });
  await addSecret(tenant, tenant.user, { subKind: "username_password", name: "basic_login", fields: basic });
  await addSecret(tenant, tenant.user, { subKind: "text", name: "bearer_token", fields: { value: bearer } });
  await addSecret(tenant, tenant.user, { subKind: "text", name: "api_key", fields: { value: apiKey.value } });
  await signIn(context, tenant.user);
  const ways = [
    { authentication: "Basic", label: "Username & password", secret: "basic_login", more: {} },
    { authentication: "Bearer token", label: "Token", secret: "bearer_token", more: {} },
    {
      authentication: "API key",
      label: "API key",
      secret: "api_key",
      more: { "Name of the header or parameter": apiKey.name },
    },
  ];
  for (const { authentication, label, secret, more } of ways) {
    await startConnection(page, tenant.fabric, "REST API");
    await fillConnection(page, {
      "Connection Name": authentication,
      "Base URL": api.baseUrl,
      Encryption: "No encryption",
      "Authentication method": authentication,
      ...more,
    });
    await chooseSecret(page, label, secret);
    await expect(checkPanel(page).getByText("The check passed.")).toBeVisible();
    // Now the paths at which it answers with the received credentials.
    await field(page, "Check path").fill("/broken");
    await checkPanel(page).getByRole("button", { name: "Check" }).click();
    await expect(checkPanel(page).getByText("The server returned an internal error.")).toBeVisible();
    await page.getByRole("button", { name: "Save anyway" }).click();
    await expect(connectionRow(page, authentication)).toContainText("Disconnected");
  }
  await api.close();
});

test("Selvage uses the secret only after a person confirms the SFTP host key; a changed key fails", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const password = canary.value();
  const users = { loader: { password } };
  const server = await startSftpServer({ users });
  await addSecret(tenant, tenant.user, {
    subKind: "text",
    name: "sftp_password",
    fields: { value: password },
  });
  await signIn(context, tenant.user);
  await startConnection(page, tenant.fabric, "SFTP");
  await fillConnection(page, {
    "Connection Name": "Dropbox",
    Host: "127.0.0.1",
    Port: String(server.port),
    Username: "loader",
  });
  await chooseSecret(page, "Password", "sftp_password");
  await expect(checkPanel(page).getByText("The server’s host key is not confirmed yet.")).toBeVisible();
  await expect(checkPanel(page).getByText(server.fingerprint)).toBeVisible();
  expect(server.attempts).toEqual([]);
  await checkPanel(page).getByRole("button", { name: "Confirm this host key" }).click();
  await expect(checkPanel(page).getByText("The check passed.")).toBeVisible();
  await expect(field(page, "Host key fingerprint")).toHaveValue(server.fingerprint);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(connectionRow(page, "Dropbox")).toContainText("Connected");

  // Another server answers at the same address.
  await server.close();
  const impostor = await startSftpServer({ users });
  await page.getByRole("link", { name: "Dropbox", exact: true }).click();
  await field(page, "Port").fill(String(impostor.port));
  await checkPanel(page).getByRole("button", { name: "Check" }).click();
  // Another port is another destination. Nobody is asked to allow it, because the check ends before.
  await expect(
    checkPanel(page).getByText("The server’s host key differs from the confirmed one."),
  ).toBeVisible();
  expect(impostor.attempts).toEqual([]);
  await impostor.close();
});

test("a colleague cannot send another's secret to a new destination: not one byte goes there; an Admin may allow it", async ({
  page,
  context,
  tenant,
  canary,
}) => {
  let bytes = 0;
  const listener = () =>
    net.createServer((socket) => {
      socket.on("data", (chunk) => {
        bytes += chunk.length;
        socket.end("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}");
      });
    });
  const { port, close } = await listen(listener());
  await addSecret(tenant, tenant.admin, {
    subKind: "text",
    name: "token_of_ada",
    fields: { value: canary.value() },
  });
  const connect = async () => {
    await startConnection(page, tenant.fabric, "REST API");
    await fillConnection(page, {
      "Connection Name": "Elsewhere",
      "Base URL": `http://127.0.0.1:${port}`,
      Encryption: "No encryption",
      "Authentication method": "Bearer token",
    });
    await chooseSecret(page, "Token", "token_of_ada");
  };
  await signIn(context, tenant.user);
  await connect();
  await expect(
    checkPanel(page).getByText("This destination is not allowed for this secret yet."),
  ).toBeVisible();
  await expect(
    checkPanel(page).getByText(
      /An Admin of the team must allow it.* Pipelines can’t use the connection until then\./,
    ),
  ).toBeVisible();
  expect(bytes).toBe(0);

  await signIn(context, tenant.admin);
  await connect();
  await expect(checkPanel(page).getByText("The check passed.")).toBeVisible();
  expect(bytes).toBeGreaterThan(0);

  // The colleague may use the destination that an Admin allowed, and no other port of the same host.
  await signIn(context, tenant.user);
  await connect();
  await expect(checkPanel(page).getByText("The check passed.")).toBeVisible();
  const before = bytes;
  const another = await listen(listener());
  await field(page, "Base URL").fill(`http://127.0.0.1:${another.port}`);
  await checkPanel(page).getByRole("button", { name: "Check" }).click();
  await expect(
    checkPanel(page).getByText("This destination is not allowed for this secret yet."),
  ).toBeVisible();
  expect(bytes).toBe(before);
  await Promise.all([close(), another.close()]);
});

test("a person cancels a running check, and no connection stays open", { tag: "@long" }, async ({
  page,
  context,
  tenant,
  canary,
}) => {
  const silent = await startRawServer("silent");
  await addSecret(tenant, tenant.user, {
    subKind: "text",
    name: "db_password",
    fields: { value: canary.value() },
  });
  await signIn(context, tenant.user);
  await startConnection(page, tenant.fabric, "PostgreSQL");
  await fillConnection(page, {
    "Connection Name": "Silent",
    Server: "127.0.0.1",
    Port: String(silent.port),
    Database: "any",
    Username: "any",
  });
  await chooseSecret(page, "Password", "db_password");
  await expect.poll(() => silent.openConnections()).toBe(1);
  await checkPanel(page).getByRole("button", { name: "Cancel" }).click();
  await expect(checkPanel(page).getByRole("button", { name: "Check" })).toBeVisible();
  await expect.poll(() => silent.openConnections()).toBe(0);
  await silent.close();
});

test("Selvage rejects the address of a cloud metadata service, whatever the operator allows", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await addSecret(tenant, tenant.user, {
    subKind: "text",
    name: "db_password",
    fields: { value: canary.value() },
  });
  await signIn(context, tenant.user);
  await startConnection(page, tenant.fabric, "PostgreSQL");
  await fillConnection(page, {
    "Connection Name": "Metadata",
    Server: "169.254.169.254",
    Port: "80",
    Database: "any",
    Username: "any",
    Encryption: "No encryption",
  });
  await chooseSecret(page, "Password", "db_password");
  await expect(checkPanel(page).getByText("Checks may not connect to this address.")).toBeVisible();
  await expect(field(page, "Server")).toHaveAccessibleDescription(/Checks may not connect to this address/);
});

test("the picker works on a cold deep link, never chooses automatically, and distinguishes its empty states", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await signIn(context, tenant.user);
  const path = `${connectionsPath(tenant.fabric)}/new?kind=postgres`;
  await open(page, path);
  let popup = await openPicker(page, "Password");
  await expect(popup.getByText("This fabric has no secrets yet.")).toBeVisible();

  await addSecret(tenant, tenant.user, {
    subKind: "m2m_oauth",
    name: "a_client",
    fields: { clientId: "c", clientSecret: canary.value(), authUrl: "https://idp.test.example/token" },
  });
  await open(page, path);
  popup = await openPicker(page, "Password");
  await expect(popup.getByText("This fabric has no Text or Username & Password secret")).toBeVisible();

  await addSecret(tenant, tenant.user, {
    subKind: "text",
    name: "the_only_one",
    fields: { value: canary.value() },
  });
  await open(page, path);
  popup = await openPicker(page, "Password");
  await expect(popup.getByRole("option")).toHaveCount(1);
  await expect(popup.getByRole("option", { name: "a_client" })).toHaveCount(0);
  await popup.getByRole("combobox", { name: "Search secrets" }).fill("nothing like it");
  await expect(popup.getByText("has “nothing like it” in its name")).toBeVisible();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await expect(picker(page, "Password")).toContainText("Choose a secret");
});

test("the server pages the picker through many secrets", { tag: "@long" }, async ({
  page,
  context,
  tenant,
  canary,
}) => {
  const caller = await callerOf(tenant.user);
  for (let i = 0; i < 55; i++) {
    await callAction(caller, "createSecretAction", [
      tenant.fabric.id,
      { subKind: "text", name: `token_${String(i).padStart(2, "0")}`, fields: { value: canary.value() } },
    ]);
  }
  await signIn(context, tenant.user);
  await open(page, `${connectionsPath(tenant.fabric)}/new?kind=postgres`);
  const popup = await openPicker(page, "Password");
  await expect(popup.getByRole("option")).toHaveCount(50);
  await popup.getByRole("button", { name: "Load more" }).click();
  await expect(popup.getByRole("option")).toHaveCount(55);
  await popup.getByRole("combobox", { name: "Search secrets" }).fill("TOKEN_54");
  await expect(popup.getByRole("option")).toHaveCount(1);
});
