import { randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  checkPanel,
  chooseSecret,
  connectionRow,
  fillConnection,
  startConnection,
} from "@/e2e/connections-screen";
import { expect, test } from "@/e2e/fixtures";
import { builds } from "@/launcher/build.mjs";
import { createAuthority } from "@/launcher/certificates.mjs";
import { connectorForm } from "@/lib/connectors/form";
import { type ConnectorKind, connectors } from "@/lib/connectors/registry";
import { examples } from "@/testing/connection-examples/registry";
import { callAction, callerOf } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";

const kinds = Object.keys(connectors) as ConnectorKind[];
const routesFile = join(import.meta.dirname, "..", builds.test.dist, "routes.json");

// The stand-in servers of two tests would conflict.
test.describe.configure({ mode: "default" });
test.afterAll(() => rm(routesFile, { force: true }));

for (const kind of kinds) {
  test(`a person creates, checks and saves a connection of the kind ${kind}`, { tag: "@long" }, async ({
    page,
    context,
    tenant,
  }) => {
    process.env.TEST_DATABASE_URL = stack().databaseUrl;
    // Each has its own name: a worker that still caches the last one would confuse them.
    const authority = await createAuthority(`Authority of ${kind} ${randomUUID()}`);
    const example = examples[kind];
    if (example === undefined) throw new Error(`There is no example of ${kind}.`);
    const { properties, secrets, start } = example;
    const { routes, close } = await start(authority);
    // Renamed, so that a worker that starts now reads a whole file.
    await writeFile(`${routesFile}.new`, JSON.stringify({ routes, authorities: [authority.cert] }));
    await rename(`${routesFile}.new`, routesFile);
    const caller = await callerOf(tenant.user);
    const { fields, name } = connectorForm(connectors[kind]);
    const titles = new Map(fields.map((field) => [field.name, field.title]));
    for (const [field, value] of Object.entries(secrets)) {
      if (value === undefined || value instanceof Uint8Array) continue;
      const isText = typeof value === "string";
      await callAction(caller, "createSecretAction", [
        tenant.fabric.id,
        {
          subKind: isText ? "text" : value.authUrl === undefined ? "username_password" : "m2m_oauth",
          name: `secret_${field}`,
          fields: isText ? { value } : value,
        },
      ]);
    }

    await signIn(context, tenant.user);
    await startConnection(page, tenant.fabric, name);
    const typed = Object.entries(properties).map(([field, value]) => {
      const option = fields.find((one) => one.name === field)?.options?.find((one) => one.value === value);
      return [titles.get(field) ?? field, option?.label ?? String(value)];
    });
    await fillConnection(page, { "Connection Name": `My ${kind}`, ...Object.fromEntries(typed) });
    for (const field of Object.keys(secrets))
      await chooseSecret(page, titles.get(field) ?? field, `secret_${field}`);
    await expect(checkPanel(page).getByText("The check passed.")).toBeVisible();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await expect(connectionRow(page, `My ${kind}`)).toContainText("Connected");
    await close();
  });
}
