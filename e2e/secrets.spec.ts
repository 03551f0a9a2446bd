import { v7 as uuidv7 } from "uuid";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { requestSecret, startPipeline } from "@/e2e/pipeline";
import {
  addSecret,
  chooseFile,
  chooseType,
  discard,
  field,
  fillSecret,
  openAddSecret,
  openDialog,
  openSecret,
  secretRow,
  secretsPath,
} from "@/e2e/secrets-screen";
import { createAuthority } from "@/launcher/certificates.mjs";
import { callAction, callerOf } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { database, insert } from "@/testing/tenant";

const dayMs = 86_400_000;

test("a person adds all four types of secret, and a pipeline receives each byte for byte", async ({
  page,
  context,
  tenant,
  canary,
}) => {
  await signIn(context, tenant.user);
  const token = canary.value();
  await addSecret(page, tenant.fabric, { type: "Text", name: "api_token", value: token });

  const authority = await createAuthority("Test Authority");
  const { cert, key } = await authority.issue({
    names: ["db.test.example"],
    notAfter: new Date(Date.now() + 23.5 * dayMs),
  });
  // A certificate is public, so the key next to it contains the canary.
  const pem = Buffer.from(`${cert}\n${key}\n# ${canary.value()}\n`);
  const file = { name: "db.pem", mimeType: "application/x-pem-file", buffer: pem };
  await addSecret(page, tenant.fabric, { type: "Binary", name: "db_certificate", value: file });
  await expect(secretRow(page, "db_certificate")).toContainText("Expires in 23 days");

  const login = { username: canary.value(), password: canary.value() };
  await addSecret(page, tenant.fabric, {
    type: "Username & Password",
    name: "warehouse-login",
    fields: { Username: login.username, Password: login.password },
  });

  const machine = {
    clientId: canary.value(),
    clientSecret: canary.value(),
    authUrl: `https://login.test.example/oauth2/token?tenant=${canary.value()}`,
    scope: "read write",
  };
  await addSecret(page, tenant.fabric, {
    type: "M2M OAuth",
    name: "crm.api",
    fields: {
      "Client ID": machine.clientId,
      "Client Secret": machine.clientSecret,
      "Auth URL": machine.authUrl,
      Scope: machine.scope,
    },
  });

  const pipeline = await startPipeline(tenant);
  expect(await pipeline.read("api_token")).toMatchObject({ subKind: "text", version: 1, value: token });
  expect((await pipeline.readBytes("db_certificate")).equals(pem)).toBe(true);
  expect(await pipeline.read("warehouse-login")).toMatchObject({ value: login });
  expect(await pipeline.read("CRM.API")).toMatchObject({ name: "crm.api", value: machine });

  await openSecret(page, tenant.fabric, "db_certificate");
  await expect(page.getByText("db.test.example").first()).toBeVisible();
  await expect(page.getByText("Test Authority").first()).toBeVisible();
  await openSecret(page, tenant.fabric, "crm.api");
  await expect(page.getByText("login.test.example:443", { exact: true })).toBeVisible();
});

test("a text loaded from a file keeps CRLF, trailing newline, NUL, BOM and ***", { tag: "@long" }, async ({
  page,
  context,
  tenant,
  canary,
}) => {
  await signIn(context, tenant.user);
  const pipeline = await startPipeline(tenant);
  const texts = {
    crlf: `${canary.value()}\r\nsecond line\r\n\r\n`,
    newline: `${canary.value()}\n\n`,
    nul: `${canary.value()}\u0000after`,
    bom: `\ufeff${canary.value()}`,
    stars: `***${canary.value()}***`,
    mixed: `\ufeff${canary.value()}\r\n\u0000\r***\n`,
    awkward: `$1 ${canary.value()} \u2028 \u{1f9f5} "\\' {"ok":true}`,
  };
  for (const [name, text] of Object.entries(texts)) {
    const buffer = Buffer.from(text, "utf8");
    const file = { name: `${name}.txt`, mimeType: "text/plain", buffer };
    await addSecret(page, tenant.fabric, { type: "Text", name, value: file });
    expect((await pipeline.readBytes(name)).equals(buffer), name).toBe(true);
  }
});

test("the form reports Windows line endings in a pasted text and keeps them, unless the person converts them", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await signIn(context, tenant.user);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const pipeline = await startPipeline(tenant);
  const text = `\ufeff***${canary.value()}\r\nsecond\r\n`;
  for (const isConverted of [false, true]) {
    const name = isConverted ? "converted" : "kept";
    const dialog = await openAddSecret(page, tenant.fabric);
    await field(dialog, "Name").fill(name);
    await page.evaluate((pasted) => navigator.clipboard.writeText(pasted), text);
    await field(dialog, "Value").focus();
    await page.keyboard.press("ControlOrMeta+v");
    await expect(dialog.getByText("This text has Windows line endings. They are kept.")).toBeVisible();
    if (isConverted) await dialog.getByRole("button", { name: "Convert to Unix line endings" }).click();
    await dialog.getByRole("button", { name: "Create" }).click();
    await expect(secretRow(page, name)).toBeVisible();
    const expected = isConverted ? text.replaceAll("\r\n", "\n") : text;
    expect((await pipeline.read(name)).value).toBe(expected);
  }
});

test("the form accepts a dropped binary file, shows name and size, and keeps it byte for byte", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await signIn(context, tenant.user);
  const bytes = Buffer.concat([
    Buffer.from([0, 255, 13, 10, 0xfe, 0xff]),
    Buffer.from(canary.value()),
    Buffer.alloc(2000),
  ]);
  const dialog = await openAddSecret(page, tenant.fabric);
  await chooseType(dialog, "Binary");
  await field(dialog, "Name").fill("keystore");
  const transfer = await page.evaluateHandle((base64) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], "store.jks"));
    return transfer;
  }, bytes.toString("base64"));
  await dialog.getByText("Drop or paste a file").dispatchEvent("drop", { dataTransfer: transfer });
  await expect(dialog.getByText("store.jks")).toBeVisible();
  await expect(dialog.getByText("2 KB", { exact: true }).or(dialog.getByText(/^2(\.0)? KiB$/))).toBeVisible();
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(secretRow(page, "keystore")).toBeVisible();
  expect((await (await startPipeline(tenant)).readBytes("keystore")).equals(bytes)).toBe(true);
});

test("the form rejects a file over the limit before sending it", { tag: "@long" }, async ({
  page,
  context,
  tenant,
}) => {
  await signIn(context, tenant.user);
  const dialog = await openAddSecret(page, tenant.fabric);
  await chooseType(dialog, "Binary");
  const chooser = page.waitForEvent("filechooser");
  await dialog.getByRole("button", { name: "Value" }).click();
  const buffer = Buffer.alloc(1_048_577);
  await (await chooser).setFiles({ name: "huge.bin", mimeType: "application/octet-stream", buffer });
  await expect(dialog.getByText(/huge\.bin is larger than/)).toBeVisible();
});

test("Selvage stores a binary secret of exactly the limit", { tag: "@long" }, async ({
  page,
  context,
  tenant,
  canary,
}) => {
  await signIn(context, tenant.user);
  const buffer = Buffer.alloc(1_048_576, canary.value());
  const file = { name: "full.bin", mimeType: "application/octet-stream", buffer };
  await addSecret(page, tenant.fabric, { type: "Binary", name: "full", value: file });
  expect((await (await startPipeline(tenant)).readBytes("full")).equals(buffer)).toBe(true);
});

test("the form suggests a valid name for one with spaces, and reports a taken name at its field", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await signIn(context, tenant.user);
  const dialog = await openAddSecret(page, tenant.fabric);
  await field(dialog, "Name").fill("  my API token ");
  await dialog.getByRole("button", { name: "Use my_API_token" }).click();
  await expect(field(dialog, "Name")).toHaveValue("my_API_token");
  await field(dialog, "Value").fill(canary.value());
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(secretRow(page, "my_API_token")).toBeVisible();

  const again = await openAddSecret(page, tenant.fabric);
  await fillSecret(page, again, { type: "Text", name: "MY_api_TOKEN", value: canary.value() });
  await again.getByRole("button", { name: "Create" }).click();
  await expect(field(again, "Name")).toHaveAccessibleDescription(/is already a name or a former name/);
  await discard(page, again);
});

test("Escape or a stray click asks before the dialog discards input", { tag: "@long" }, async ({
  page,
  context,
  tenant,
  canary,
}) => {
  await signIn(context, tenant.user);
  const value = canary.value();
  const dialog = await openAddSecret(page, tenant.fabric);
  await field(dialog, "Value").fill(value);
  const question = page.getByRole("alertdialog", { name: "Discard what you entered?" });
  const dismissals = {
    "the button Cancel": () => dialog.getByRole("button", { name: "Cancel" }).click(),
    "the button Close": () => dialog.getByRole("button", { name: "Close" }).click(),
    "the key Escape": () => page.keyboard.press("Escape"),
    "a click outside": () => page.mouse.click(5, 5),
  };
  for (const [way, dismiss] of Object.entries(dismissals)) {
    await dismiss();
    await expect(question, way).toBeVisible();
    await question.getByRole("button", { name: "Keep editing" }).click();
    await expect(question).toBeHidden();
    await expect(field(dialog, "Value")).toHaveValue(value);
  }
  await page.keyboard.press("Escape");
  await question.getByRole("button", { name: "Discard" }).click();
  await expect(dialog).toBeHidden();
  // The dialog opens empty, and closes without a question when it has no input.
  await page.getByRole("button", { name: "Add Secret" }).click();
  await expect(field(dialog, "Value")).toHaveValue("");
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
});

test("a person replaces the password without the username, and the page never shows either", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await signIn(context, tenant.user);
  const [username, former, next] = [canary.value(), canary.value(), canary.value()];
  await addSecret(page, tenant.fabric, {
    type: "Username & Password",
    name: "login",
    fields: { Username: username, Password: former },
  });
  await openSecret(page, tenant.fabric, "login");
  const dialog = await openDialog(page, "Replace value");
  // Only the date on which the value expires is entered beside it.
  await expect(dialog.getByRole("textbox")).toHaveCount(1);
  await expect(dialog.getByRole("textbox", { name: "Expires" })).toHaveValue("");
  await dialog.getByRole("button", { name: "Replace Password" }).click();
  await expect(field(dialog, "Password")).toHaveValue("");
  await field(dialog, "Password").fill(next);
  await dialog.getByRole("button", { name: "Replace", exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText("Value replaced")).toBeVisible();
  const pipeline = await startPipeline(tenant);
  expect(await pipeline.read("login")).toMatchObject({ version: 2, value: { username, password: next } });
});

test("a replacement after a concurrent one is a conflict, not an overwrite", { tag: "@long" }, async ({
  page,
  context,
  tenant,
  canary,
}) => {
  await signIn(context, tenant.user);
  await addSecret(page, tenant.fabric, { type: "Text", name: "shared", value: canary.value() });
  await openSecret(page, tenant.fabric, "shared");
  const dialog = await openDialog(page, "Replace value");
  const secretId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  const theirs = canary.value();
  const crossed = await callAction(await callerOf(tenant.admin), "replaceSecretAction", [
    tenant.fabric.id,
    { subKind: "text", secretId, expectedVersion: 1, fields: { value: theirs } },
  ]);
  expect(crossed).toMatchObject({ ok: true });
  await field(dialog, "Value").fill(canary.value());
  await dialog.getByRole("button", { name: "Replace", exact: true }).click();
  await expect(dialog.getByText("Someone replaced this value")).toBeVisible();
  expect((await (await startPipeline(tenant)).read("shared")).value).toBe(theirs);
  await discard(page, dialog);
});

test("a rename needs no value and names the readers of the old name, which keeps working and stays taken", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await signIn(context, tenant.admin);
  const value = canary.value();
  await addSecret(page, tenant.fabric, { type: "Text", name: "old_name", value });
  const pipeline = await startPipeline(tenant, "billing-run");
  await pipeline.read("old_name");
  await readersStored("billing-run", 1);

  await openSecret(page, tenant.fabric, "old_name");
  const dialog = await openDialog(page, "Rename", "Rename secret");
  await expect(dialog.getByText("billing-run")).toBeVisible();
  await field(dialog, "Name").fill("new_name");
  await dialog.getByRole("button", { name: "Rename" }).click();
  await expect(page.getByRole("heading", { name: "new_name" })).toBeVisible();
  for (const name of ["old_name", "new_name"])
    expect(await pipeline.read(name)).toMatchObject({ name: "new_name", value });

  const another = await openAddSecret(page, tenant.fabric);
  await fillSecret(page, another, { type: "Text", name: "OLD_NAME", value: canary.value() });
  await another.getByRole("button", { name: "Create" }).click();
  await expect(field(another, "Name")).toHaveAccessibleDescription(/is already a name or a former name/);
  await discard(page, another);

  await openSecret(page, tenant.fabric, "new_name");
  await page.getByRole("button", { name: "Remove old_name" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("Name removed")).toBeVisible();
  expect((await requestSecret(pipeline.token, "old_name")).status).toBe(404);
  expect((await pipeline.read("new_name")).value).toBe(value);
});

test("a person cannot delete a secret that a connection uses, and the page names the connection", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await signIn(context, tenant.admin);
  await addSecret(page, tenant.fabric, { type: "Text", name: "in_use", value: canary.value() });
  await openSecret(page, tenant.fabric, "in_use");
  const secretId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  const connectionId = uuidv7();
  const by = (prefix: string) => ({
    [`${prefix}ById`]: tenant.admin.id,
    [`${prefix}ByName`]: tenant.admin.name,
  });
  await insert("connection", {
    id: connectionId,
    fabricId: tenant.fabric.id,
    name: "Orders API",
    nameKey: "orders api",
    kind: "restapi",
    properties: "{}",
    configHash: "none",
    ...by("created"),
    ...by("updated"),
  });
  await insert("connection_secret", { connectionId, field: "token", secretId, fabricId: tenant.fabric.id });

  // The page does not show the connection yet. The dialog asks for the newest uses, and the database refuses.
  const dialog = await openDialog(page, "Delete", "“in_use” is in use");
  await expect(dialog.getByRole("link", { name: "Orders API" })).toBeVisible();
  const deleted = await callAction(await callerOf(tenant.admin), "deleteSecretAction", [
    tenant.fabric.id,
    { secretId },
  ]);
  expect(deleted).toEqual({ ok: false, code: "in_use", fieldErrors: { users: "Orders API" } });
  await open(page, secretsPath(tenant.fabric));
  await expect(secretRow(page, "in_use")).toContainText("1 connection");
});

test("a secret that pipelines read shows them everywhere, and Delete asks for its name", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await signIn(context, tenant.user);
  await addSecret(page, tenant.fabric, { type: "Text", name: "read_secret", value: canary.value() });
  await expect(secretRow(page, "read_secret")).toContainText("Nothing yet");
  await openSecret(page, tenant.fabric, "read_secret");
  await expect(page.getByText("No pipeline in the last 100 days")).toBeVisible();

  const pipeline = await startPipeline(tenant, "orders-run");
  await pipeline.read("read_secret");
  await readersStored("orders-run", 1);
  // The page was loaded before the pipeline read the secret.
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  const question = page.getByRole("alertdialog", { name: "Delete “read_secret”?" });
  await expect(question.getByRole("listitem")).toHaveText(/orders-run1 readread just nowversion 1/);
  await expect(question.getByRole("button", { name: "Delete" })).toBeDisabled();
  await question.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("region", { name: "Used by" })).toContainText("orders-run");
  const replace = await openDialog(page, "Replace value");
  await expect(replace.getByRole("listitem")).toHaveText(/orders-run1 readread just nowversion 1/);
  await page.keyboard.press("Escape");

  await open(page, secretsPath(tenant.fabric));
  await expect(secretRow(page, "read_secret")).toContainText(/1 pipeline\s*(Last used)?\s*just now/);
  await openSecret(page, tenant.fabric, "read_secret");
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await question.getByLabel("To confirm, type read_secret").fill("read_secre");
  await expect(question.getByRole("button", { name: "Delete" })).toBeDisabled();
  await question.getByLabel("To confirm, type read_secret").fill("read_secret");
  await question.getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("Secret deleted")).toBeVisible();
});

test("a User deletes their own unused secret; only an Admin deletes another person's", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await signIn(context, tenant.user);
  await addSecret(page, tenant.fabric, { type: "Text", name: "mine", value: canary.value() });
  await openSecret(page, tenant.fabric, "mine");
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await expect(page).toHaveURL(new RegExp(`${secretsPath(tenant.fabric)}$`));
  await expect(page.getByText("No secrets yet")).toBeVisible();

  const created = await callAction(await callerOf(tenant.admin), "createSecretAction", [
    tenant.fabric.id,
    { subKind: "text", name: "of_the_admin", fields: { value: canary.value() } },
  ]);
  expect(created.ok).toBe(true);
  await openSecret(page, tenant.fabric, "of_the_admin");
  await expect(page.getByRole("button", { name: "Delete", exact: true })).toHaveCount(0);
  await expect(page.getByText(/and the secret’s creator can delete it/)).toContainText(
    `(${tenant.admin.name})`,
  );
});

test("the server searches, filters by type and sorts, and the address keeps the settings", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await signIn(context, tenant.user);
  const caller = await callerOf(tenant.user);
  for (let i = 0; i < 52; i++) {
    await callAction(caller, "createSecretAction", [
      tenant.fabric.id,
      { subKind: "text", name: `token_${String(i).padStart(2, "0")}`, fields: { value: canary.value() } },
    ]);
  }
  await open(page, secretsPath(tenant.fabric));
  const rows = page.getByRole("table", { name: "Secrets" }).getByRole("rowgroup").last().getByRole("row");
  await expect(rows).toHaveCount(50);
  await page.getByRole("link", { name: "Next" }).click();
  await expect(rows).toHaveCount(2);
  await page.getByRole("link", { name: "Previous" }).click();
  await expect(rows).toHaveCount(50);
  await page.getByRole("link", { name: "Name", exact: true }).click();
  await expect(rows.first()).toContainText("token_51");
  await page.getByLabel("Search secrets").fill("TOKEN_1");
  await expect(rows).toHaveCount(10);
  await page.reload();
  await expect(rows).toHaveCount(10);
  // Also on the way back from a secret.
  await rows.first().getByRole("link").first().click();
  await expect(page.getByRole("heading", { name: "token_19" })).toBeVisible();
  await page.getByRole("link", { name: "All secrets" }).click();
  await expect(rows).toHaveCount(10);
  await page.getByLabel("Type").selectOption("Binary");
  await expect(page.getByText("No matching secrets")).toBeVisible();
});

test("the form offers Binary for a file that is not text", { tag: "@long" }, async ({
  page,
  context,
  tenant,
  canary,
}) => {
  await signIn(context, tenant.user);
  const buffer = Buffer.concat([Buffer.from([0xff, 0xfe, 0xc3, 0x28]), Buffer.from(canary.value())]);
  const dialog = await openAddSecret(page, tenant.fabric);
  await field(dialog, "Name").fill("not_text");
  await chooseFile(page, dialog.getByRole("button", { name: "Load from file" }), {
    name: "key.der",
    mimeType: "application/octet-stream",
    buffer,
  });
  await dialog.getByRole("button", { name: "Store as Binary" }).click();
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(secretRow(page, "not_text")).toContainText("Binary");
  expect((await (await startPipeline(tenant)).readBytes("not_text")).equals(buffer)).toBe(true);
});

test("on a phone a toast does not cover a dialog's buttons, and the dialog scrolls to a field with an error", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(context, tenant.user);
  await addSecret(page, tenant.fabric, { type: "Text", name: "first", value: canary.value() });
  const toast = page.getByText("Secret created", { exact: true });
  const box = await toast.boundingBox();
  expect(box?.y).toBeLessThan(200);
  await page.getByRole("button", { name: "Add Secret" }).click();
  await expect(toast).toBeHidden({ timeout: 2_000 });

  const dialog = page.getByRole("dialog", { name: "Add Secret" });
  await fillSecret(page, dialog, {
    type: "M2M OAuth",
    name: "client",
    fields: { "Client ID": canary.value(), "Client Secret": canary.value(), "Auth URL": "http://foo" },
  });
  // Away from the field, like a person who reads on before Create.
  await dialog.getByText("Secret Type").scrollIntoViewIfNeeded();
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(field(dialog, "Auth URL")).toBeFocused();
  const error = await dialog.getByText("starting with https://.").boundingBox();
  const footer = await dialog.locator("footer").boundingBox();
  expect((error?.y ?? 0) + (error?.height ?? 0)).toBeLessThanOrEqual(footer?.y ?? 0);
  await discard(page, dialog);
});

/** Waits until automate has stored this many ways in which a pipeline of this name reads secrets. */
async function readersStored(pipeline: string, count: number): Promise<void> {
  const stored = async () =>
    (await database().query(`SELECT FROM secret_reader WHERE "readerName" = $1`, [pipeline])).rowCount;
  await expect.poll(stored).toBe(count);
}
