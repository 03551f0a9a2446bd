import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandLine } from "@/e2e/command-line";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { startPipeline } from "@/e2e/pipeline";
import { field, openDialog } from "@/e2e/secrets-screen";
import { findLeaks } from "@/testing/canary";
import { addDestination } from "@/testing/factories";
import { callAction, callerOf, createAccessToken } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { createToken, database } from "@/testing/tenant";

let home: string;
test.beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "selvage-cli-"));
});
test.afterEach(() => rmSync(home, { recursive: true, force: true }));

test("the line of the dialog, copied into an empty folder, downloads the command line, which reads a secret", async ({
  page,
  context,
  tenant,
  canary,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await callAction(await callerOf(tenant.user), "createSecretAction", [
    tenant.fabric.id,
    { subKind: "text", name: "warehouse", fields: { value: canary.value() } },
  ]);
  await signIn(context, tenant.admin);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/advanced`);
  const form = await openDialog(page, "Create token", "Create pipeline token");
  await field(form, "Name").fill("laptop");
  await form.getByRole("button", { name: "Create", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Pipeline token created" });
  const token = (await dialog.locator("code").first().textContent()) ?? "";
  await dialog.getByRole("button", { name: "Copy command" }).click();
  await expect(dialog.getByRole("button", { name: "Copied" })).toBeVisible();
  const line = await page.evaluate(() => navigator.clipboard.readText());
  expect(line).not.toContain(token);

  const folder = join(home, "empty");
  mkdirSync(folder);
  const env = { PATH: process.env.PATH, NODE_ENV: "test" as const, XDG_CONFIG_HOME: home };
  const shell = (command: string, input = "") =>
    execFileSync("bash", ["--norc", "-c", command], { cwd: folder, env, input, encoding: "utf8" });
  expect(shell(line, `${token}\n`)).toContain(`Stored the pipeline token of ${tenant.fabric.name}`);
  expect(readdirSync(folder)).toEqual(["selvage.mjs"]);
  const run = `node selvage.mjs run --fabric "${tenant.fabric.name}" --env VALUE=warehouse --no-mask -- sh -c 'echo "$VALUE"'`;
  expect(findLeaks("output", shell(run), canary.mark)).not.toEqual([]);
  expect(shell("node selvage.mjs update")).toMatch(/ is up to date\.$/m);
});

test("login stores the token for its owner only, and rejects a wrong one", { tag: "@long" }, async ({
  tenant,
}) => {
  const selvage = commandLine(home);
  const token = await createAccessToken(await callerOf(tenant.user), "cli");
  const wrong = await selvage(["login", "--url", stack().webUrl], "svu_wrong\n");
  expect([wrong.code, wrong.stderr]).toEqual([
    3,
    "The access token is not accepted: it is wrong, expired or revoked. Create one in the app, then run “selvage login”.\n",
  ]);
  const done = await selvage(["login", "--url", stack().webUrl], `${token}\n`);
  expect(done).toMatchObject({
    stderr: "",
    stdout: expect.stringContaining(`Your teams: ${tenant.team.name}.`),
  });
  const file = join(home, "selvage/settings.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).toContain(token);
  expect((await selvage(["secrets", "list", "--fabric", tenant.fabric.name])).stdout).toBe("No secrets.\n");
  await selvage(["logout"]);
  expect((await selvage(["secrets", "list", "--fabric", tenant.fabric.name])).code).toBe(3);
});

test("the CLI reads secrets from standard input and files, byte for byte, and lists, replaces, renames and deletes them", {
  tag: "@long",
}, async ({ tenant, canary }) => {
  const env = {
    SELVAGE_URL: stack().webUrl,
    SELVAGE_TOKEN: await createAccessToken(await callerOf(tenant.user), "cli"),
  };
  const selvage = commandLine(home, env);
  const inFabric = ["--fabric", tenant.fabric.name];
  const pipeline = await startPipeline(tenant);
  const value = `${canary.value()}\r\n`;

  const added = await selvage(["secrets", "add", "key", ...inFabric, "--json"], value);
  expect(added.code, added.stderr).toBe(0);
  expect(JSON.parse(added.stdout)).toEqual({ id: expect.any(String), name: "key" });
  expect(added.stderr).toContain("ends with a line break");
  expect((await pipeline.readBytes("key")).toString()).toBe(value);
  expect((await selvage(["secrets", "replace", "key", ...inFabric, "--trim"], value)).code).toBe(0);
  expect((await pipeline.readBytes("key")).toString()).toBe(value.trimEnd());

  const bytes = Buffer.from([0, 255, 10, ...Buffer.from(canary.value())]);
  const file = join(home, "ca.der");
  writeFileSync(file, bytes);
  await selvage(["secrets", "add", "ca", ...inFabric, "--type", "binary", "--file", file]);
  expect((await pipeline.readBytes("ca")).equals(bytes)).toBe(true);

  const login = { username: "svc", password: canary.value() };
  const type = ["--type", "username_password"];
  await selvage(["secrets", "add", "login", ...inFabric, ...type], JSON.stringify(login));
  expect((await pipeline.read("login")).value).toEqual(login);
  const malformed = await selvage(["secrets", "add", "login2", ...inFabric, ...type], canary.value());
  expect([malformed.code, malformed.stderr.includes(canary.mark)]).toEqual([2, false]);

  const taken = await selvage(["secrets", "add", "KEY", ...inFabric, "--json"], canary.value());
  expect([taken.code, JSON.parse(taken.stderr).error.code]).toEqual([6, "conflict"]);
  await selvage(["secrets", "rename", "key", "key2", ...inFabric]);
  const listed = JSON.parse((await selvage(["secrets", "list", ...inFabric, "--json"])).stdout);
  expect(listed.map(({ properties }: { properties: { name: string } }) => properties.name)).toEqual([
    "ca",
    "key2",
    "login",
  ]);
  expect((await selvage(["secrets", "delete", "key2", ...inFabric])).code).toBe(2);
  expect((await selvage(["secrets", "delete", "key2", ...inFabric, "--yes"])).code).toBe(0);
  expect((await selvage(["secrets", "delete", "key2", ...inFabric, "--yes"])).code).toBe(5);
  expect((await selvage(["trash", "list", ...inFabric])).stdout).toMatch(/key2 +secret +text/);
  expect((await selvage(["trash", "restore", "nothing", ...inFabric])).code).toBe(5);
  const restored = await selvage(["trash", "restore", "KEY2", "--as", "key3", ...inFabric, "--json"]);
  expect(JSON.parse(restored.stdout)).toMatchObject({ name: "key3" });
  expect((await selvage(["trash", "list", ...inFabric])).stdout).toContain("The trash is empty.");
  // A value is never a command-line argument.
  expect((await selvage(["secrets", "add", "x", canary.value(), ...inFabric])).code).toBe(2);
});

test("a replaced value keeps the destinations of the previous one, unless an option clears them", {
  tag: "@long",
}, async ({ tenant, canary }) => {
  const env = {
    SELVAGE_URL: stack().webUrl,
    SELVAGE_TOKEN: await createAccessToken(await callerOf(tenant.user), "cli"),
  };
  const selvage = commandLine(home, env);
  const id = await addDestination(tenant);
  const { rows } = await database().query<{ secretId: string; name: string }>(
    `SELECT d."secretId", s.name FROM allowed_destination d JOIN secret s ON s.id = d."secretId" WHERE d.id = $1`,
    [id],
  );
  const { secretId = "", name = "" } = rows[0] ?? {};
  const replace = (...options: string[]) =>
    selvage(["secrets", "replace", name, "--fabric", tenant.fabric.id, ...options], canary.value());
  expect(await replace()).toMatchObject({ code: 0, stderr: "" });
  expect(await destinationsOf(secretId, 2)).toEqual(["https://api.test.example:443"]);
  expect((await replace("--forget-destinations")).code).toBe(0);
  expect(await destinationsOf(secretId, 3)).toEqual([]);
});

async function destinationsOf(secretId: string, version: number): Promise<string[]> {
  const { rows } = await database().query<{ destination: string }>(
    `SELECT destination FROM allowed_destination WHERE "secretId" = $1 AND version = $2`,
    [secretId, version],
  );
  return rows.map(({ destination }) => destination);
}

test("the CLI checks a connection, and its exit code gives the result", { tag: "@long" }, async ({
  tenant,
}) => {
  const env = {
    SELVAGE_URL: stack().webUrl,
    SELVAGE_TOKEN: await createAccessToken(await callerOf(tenant.user), "cli"),
  };
  const selvage = commandLine(home, env);
  const properties = { baseUrl: "https://127.0.0.1:9" };
  const connection = { kind: "restapi", name: "Orders API", description: "", properties };
  await callAction(await callerOf(tenant.user), "createConnectionAction", [tenant.fabric.id, connection]);
  const inFabric = ["--fabric", tenant.fabric.id];
  expect((await selvage(["connections", "list", ...inFabric])).stdout).toMatch(
    /^NAME +KIND.*\nOrders API +restapi +not checked\n$/,
  );
  const checked = await selvage(["connections", "check", "Orders API", ...inFabric, "--json"]);
  expect([checked.code, JSON.parse(checked.stdout).step]).toEqual([1, "network"]);
  expect((await selvage(["connections", "check", "None", ...inFabric])).code).toBe(5);
});

test.describe("run", () => {
  const print = "process.stdout.write(Object.entries(process.env).map(([k, v]) => k + '=' + v).join('\\n'))";

  test("gives values to one command, masks them in its output, and exits with its code", {
    tag: "@long",
  }, async ({ tenant, canary }) => {
    const value = canary.value();
    await callAction(await callerOf(tenant.user), "createSecretAction", [
      tenant.fabric.id,
      { subKind: "username_password", name: "login", fields: { username: "svc_user", password: value } },
    ]);
    const { token } = await createToken(tenant);
    const selvage = commandLine(home, { SELVAGE_PIPELINE_TOKEN: token, SELVAGE_TOKEN: "svu_x" });
    const run = (env: string, ...command: string[]) =>
      selvage(["run", "--fabric", tenant.fabric.name, "--env", env, "--", ...command]);
    const shown = await run("PASSWORD=login#password", process.execPath, "-e", print);
    expect(shown.stdout).toMatch(/^PASSWORD=\*\*\*$/m);
    expect(shown.stdout).not.toMatch(/SELVAGE_(PIPELINE_)?TOKEN/);
    const hex = "process.stdout.write(Buffer.from(process.env.PASSWORD).toString('hex')); process.exit(7)";
    const ended = await run("PASSWORD=login#password", process.execPath, "-e", hex);
    expect([ended.code, Buffer.from(ended.stdout, "hex").toString()]).toEqual([7, value]);

    expect((await run("X=login", process.execPath, "-e", "")).stderr).toContain(
      "write X=login#password or X=login#username",
    );
    expect((await run("X=none", process.execPath, "-e", "")).code).toBe(125);
    expect((await run("X=login#username", "there-is-no-such-command")).code).toBe(127);
    const killed = await run(
      "X=login#username",
      process.execPath,
      "-e",
      "process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 1e4)",
    );
    expect(killed.code).toBe(143);

    const other = ["run", "--fabric", "Another", "--env", "X=login#username", "--", "true"];
    expect(await selvage(other)).toMatchObject({
      code: 125,
      stderr: expect.stringContaining(`The token is for the fabric ${tenant.fabric.name}, not for Another`),
    });
    const byId = ["run", "--fabric", tenant.fabric.id, "--env", "X=login#username", "--", "true"];
    expect(await selvage(byId)).toMatchObject({ code: 0, stderr: "" });
  });

  test("works with psql, where it is installed", async ({ tenant, canary }) => {
    test.skip(!hasPsql(), "psql is not installed");
    const password = canary.value();
    const { hostname, port, pathname } = new URL(stack().databaseUrl);
    execFileSync("psql", [
      stack().databaseUrl,
      "-c",
      `CREATE ROLE psql_${tenant.fabric.id.slice(-8)} LOGIN PASSWORD '${password}'`,
    ]);
    await callAction(await callerOf(tenant.user), "createSecretAction", [
      tenant.fabric.id,
      { subKind: "text", name: "pg", fields: { value: password } },
    ]);
    const { token } = await createToken(tenant);
    const selvage = commandLine(home, { SELVAGE_PIPELINE_TOKEN: token });
    const psql = [
      "psql",
      "-h",
      hostname,
      "-p",
      port,
      "-U",
      `psql_${tenant.fabric.id.slice(-8)}`,
      "-d",
      pathname.slice(1),
    ];
    const ended = await selvage([
      "run",
      "--fabric",
      tenant.fabric.name,
      "--env",
      "PGPASSWORD=pg",
      "--",
      ...psql,
      "-tAc",
      "SELECT 40 + 2",
    ]);
    expect([ended.code, ended.stdout]).toEqual([0, "42\n"]);
  });
});

function hasPsql(): boolean {
  try {
    execFileSync("psql", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
