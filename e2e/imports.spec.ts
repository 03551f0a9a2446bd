import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandLine } from "@/e2e/command-line";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { secretsPath } from "@/e2e/secrets-screen";
import { findLeaks } from "@/testing/canary";
import { callAction, callerOf, createAccessToken } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { database, type Tenant } from "@/testing/tenant";

async function namesIn({ fabric }: Tenant): Promise<string[]> {
  const { rows } = await database().query<{ name: string }>(
    `SELECT name FROM secret WHERE "fabricId" = $1 ORDER BY name COLLATE "C"`,
    [fabric.id],
  );
  return rows.map(({ name }) => name);
}

async function addTaken({ fabric, user }: Tenant): Promise<void> {
  await callAction(await callerOf(user), "createSecretAction", [
    fabric.id,
    { subKind: "text", name: "TAKEN", fields: { value: "before" } },
  ]);
}

test("a person imports twenty secrets of which three are wrong: corrects one, leaves two out, and no value is sent before", async ({
  page,
  context,
  tenant,
  canary,
}) => {
  await addTaken(tenant);
  await signIn(context, tenant.user);
  await open(page, secretsPath(tenant.fabric));
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Import from a file" }).click();
  const good = Array.from({ length: 17 }, (_, i) => `NAME_${String(i).padStart(2, "0")}=${canary.value()}`);
  const lines = [...good, `TAKEN=${canary.value()}`, "this is no assignment", `NAME_03=${canary.value()}`];
  const sent: string[] = [];
  page.on("request", (request) => sent.push(request.postData() ?? ""));
  await page.locator("input[type=file]").setInputFiles({
    name: ".env.production",
    mimeType: "text/plain",
    buffer: Buffer.from(lines.join("\n")),
  });

  await expect(page.getByText("20 rows, 3 with a problem")).toBeVisible();
  const submit = page.getByRole("button", { name: /^Import 17 secrets$/ });
  await expect(submit).toHaveAttribute("aria-disabled", "true");
  await expect(page.getByText("“TAKEN” is already a secret in this fabric.")).toBeVisible();
  await expect(page.getByText("This line is not NAME=value, with a name of letters, digits")).toBeVisible();
  await expect(page.getByText("Two rows have the name “NAME_03”.")).toBeVisible();
  await page.getByRole("button", { name: "Show only problems" }).click();
  // Leaving the field by a click on another row, whose answer overtakes the one about the name, loses neither.
  await page.getByRole("textbox", { name: "Name of TAKEN" }).fill("NEW_NAME");
  await page.getByRole("checkbox", { name: "Import NAME_03" }).last().click();
  await expect(page.getByText("20 rows, 1 with a problem")).toBeVisible();
  await page.getByRole("button", { name: "Leave out the row with a problem" }).click();
  expect(sent.filter((body) => findLeaks("request", body, canary.mark).length > 0)).toEqual([]);
  await page.getByRole("button", { name: "Import 18 secrets" }).click();

  await expect(page.getByText("Imported 18 secrets")).toBeVisible();
  await page.getByRole("link", { name: "Show secrets" }).click();
  await expect(page.getByRole("link", { name: "NEW_NAME" })).toBeVisible();
  const names = good.map((line) => line.slice(0, line.indexOf("=")));
  expect(await namesIn(tenant)).toEqual([...names, "NEW_NAME", "TAKEN"]);
});

test("the command line imports a file, names each row that is wrong, and stores all or nothing", {
  tag: "@long",
}, async ({ tenant, canary }) => {
  await addTaken(tenant);
  const home = mkdtempSync(join(tmpdir(), "selvage-import-"));
  try {
    const file = join(home, "vault.json");
    const kv = { "db/orders": { username: "app", password: canary.value() }, TAKEN: canary.value() };
    writeFileSync(file, JSON.stringify(kv));
    const selvage = commandLine(home, {
      SELVAGE_URL: stack().webUrl,
      SELVAGE_TOKEN: await createAccessToken(await callerOf(tenant.user)),
    });
    const importFile = (...more: string[]) =>
      selvage(["secrets", "import", file, "--fabric", tenant.fabric.id, ...more]);
    const refused = await importFile();
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain("“TAKEN” is already a secret in this fabric.");
    expect(await namesIn(tenant)).toEqual(["TAKEN"]);
    const tried = await importFile("--dry-run", "--leave-out-problems", "--json");
    expect(JSON.parse(tried.stdout)).toMatchObject({ secrets: 1, imported: false });
    expect(await namesIn(tenant)).toEqual(["TAKEN"]);
    const done = await importFile("--leave-out-problems");
    expect([done.code, done.stdout]).toEqual([0, expect.stringContaining("Imported 1 secret.")]);
    expect(await namesIn(tenant)).toEqual(["TAKEN", "db.orders"]);
    for (const { stdout, stderr } of [refused, tried, done])
      expect(findLeaks("output", stdout + stderr, canary.mark)).toEqual([]);
  } finally {
    rmSync(home, { recursive: true });
  }
});
