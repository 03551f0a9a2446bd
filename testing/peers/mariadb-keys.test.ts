import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createVaultApp } from "@/automate/app";
import { startMariaDb } from "@/testing/peers/mariadb-server";
import { serverFolder } from "@/testing/peers/real-server";
import { startVaultDialect, type VaultDialect } from "@/testing/vault-dialect";

const install =
  "Install MariaDB and its plugin: apt-get install mariadb-server mariadb-plugin-hashicorp-key-management.";
let dialect: VaultDialect;
let app: FastifyInstance;
let folder: Awaited<ReturnType<typeof serverFolder>>;
let server: Awaited<ReturnType<typeof startMariaDb>>;

beforeAll(async () => {
  const key = () => ({ value: randomBytes(32).toString("hex") });
  dialect = await startVaultDialect([
    { id: "one", name: "1", subKind: "text", fields: key() },
    { id: "two", name: "2", subKind: "text", fields: key() },
  ]);
  app = createVaultApp({ keys: dialect.fabric.keys, logger: false });
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  folder = await serverFolder("mariadb-keys");
  server = await startMariaDb(
    folder.path,
    [
      "--plugin-maturity=unknown",
      "--plugin-load-add=hashicorp_key_management",
      `--hashicorp-key-management-vault-url=${url}/v1/${dialect.mount}`,
      `--hashicorp-key-management-token=${dialect.token}`,
    ],
    install,
  );
});

afterAll(async () => {
  await server?.stop();
  await folder?.remove();
  await app?.close();
  await dialect?.close();
});

test("MariaDB encrypts tables with keys that it reads from the dialect, and checks the engine's version", async () => {
  const canary = "canary-in-a-row";
  const rows = await server.asOwner([
    "CREATE DATABASE sales",
    "CREATE TABLE sales.open (v VARCHAR(64)) ENGINE=InnoDB ENCRYPTED=NO",
    "CREATE TABLE sales.one (v VARCHAR(64)) ENGINE=InnoDB ENCRYPTED=YES ENCRYPTION_KEY_ID=1",
    "CREATE TABLE sales.two (v VARCHAR(64)) ENGINE=InnoDB ENCRYPTED=YES ENCRYPTION_KEY_ID=2",
    ...["open", "one", "two"].map((table) => `INSERT INTO sales.${table} VALUES ('${canary}')`),
    "FLUSH TABLES sales.open, sales.one, sales.two FOR EXPORT",
    "SELECT v FROM sales.one UNION ALL SELECT v FROM sales.two",
  ]);
  expect(rows).toEqual([{ v: canary }, { v: canary }]);
  const isClear = async (table: string) =>
    (await readFile(join(folder.path, `data/sales/${table}.ibd`))).includes(canary);
  expect([await isClear("open"), await isClear("one"), await isClear("two")]).toEqual([true, false, false]);
  const used = await dialect.owner.auditEvent.findMany({
    where: { action: "secret.use" },
    distinct: ["objectId"],
    orderBy: { objectId: "asc" },
    select: { objectId: true },
  });
  expect(used).toEqual([{ objectId: "one" }, { objectId: "two" }]);
});
