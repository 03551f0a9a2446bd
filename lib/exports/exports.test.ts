import Papa from "papaparse";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { exportSecrets } from "@/lib/exports/queries";
import { readFile } from "@/lib/imports/formats/read-file";
import { importRows } from "@/lib/imports/mutations";
import { importInput } from "@/lib/imports/schema";
import { NotFound } from "@/lib/result";
import { renameSecret } from "@/lib/secrets/update";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
beforeEach(async () => {
  fabric = await createTestFabric(owner);
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

async function text(format: "csv" | "json"): Promise<string> {
  let whole = "";
  for await (const piece of exportSecrets(fabric.scope("user", "secret:list"), format)) whole += piece;
  return whole;
}

async function fill(): Promise<void> {
  const secrets = [
    {
      subKind: "text",
      name: "old_name",
      description: "=cmd|' /C calc'!A0",
      fields: { value: "canary-91c2" },
    },
    { subKind: "binary", name: "cert", fileName: "+c.pem", fields: { value: btoa("canary-91c2") } },
    {
      subKind: "username_password",
      name: "login",
      fields: { username: "canary-91c2", password: "canary-91c2" },
    },
  ];
  const connection = (name: string) => ({
    kind: "postgres",
    name,
    properties: { server: "db.example.com", database: "d", username: "u" },
    secretNames: { password: "old_name" },
  });
  const connections = [connection("Orders"), connection("Archive")];
  const result = await importRows(
    fabric.scope("user", "secret:write"),
    importInput.parse({ secrets, connections }),
  );
  expect(result.ok).toBe(true);
  const { id } = await owner.secret.findFirstOrThrow({
    where: { name: "old_name", fabricId: fabric.fabricId },
  });
  await renameSecret(fabric.scope("user", "secret:write"), { secretId: id, name: "new_name" });
  await owner.allowedDestination.create({
    data: {
      fabricId: fabric.fabricId,
      secretId: id,
      version: 1,
      destination: "postgres://db.example.com:5432",
      createdById: "a",
      createdByName: "A",
    },
  });
}

test("CSV has names, types, metadata and references, no value, and nothing that a spreadsheet runs", async () => {
  await fill();
  const csv = await text("csv");
  expect(csv).not.toContain("canary-91c2");
  const { data } = Papa.parse<Record<string, string>>(csv, { header: true, skipEmptyLines: true });
  expect(data.map(({ name, type, connections }) => [name, type, connections])).toEqual([
    ["cert", "binary", ""],
    ["login", "username_password", ""],
    ["new_name", "text", "Archive; Orders"],
  ]);
  expect(data[2]).toMatchObject({
    description: "'=cmd|' /C calc'!A0",
    version: "1",
    connectionCount: "2",
    formerNames: "old_name",
    destinations: "postgres://db.example.com:5432",
    createdBy: "Uri User",
  });
  expect(data[0]).toMatchObject({ fileName: "'+c.pem", sizeBytes: "11" });
});

test("JSON has the connections, too, and an import takes them in another fabric", async () => {
  await fill();
  const json = await text("json");
  expect(json).not.toContain("canary-91c2");
  const { secrets, connections } = JSON.parse(json);
  expect(secrets.map(({ name }: { name: string }) => name)).toEqual(["cert", "login", "new_name"]);
  expect(connections).toMatchObject([
    { name: "Archive", kind: "postgres", secretNames: { password: "new_name" } },
    { name: "Orders", properties: { server: "db.example.com" } },
  ]);
  const rows = readFile(json, "json").rows;
  expect(rows.map((row) => [row.noun, row.name, row.problem])).toEqual([
    ["connection", "Archive", undefined],
    ["connection", "Orders", undefined],
    ...["cert", "login", "new_name"].map((name) => [
      "secret",
      name,
      "It has no value: an export contains none.",
    ]),
  ]);
});

test("an empty fabric and one with several pages give whole files", async () => {
  expect(JSON.parse(await text("json"))).toEqual({ secrets: [], connections: [] });
  expect((await text("csv")).split("\r\n")).toHaveLength(2);
  const secrets = Array.from({ length: 600 }, (_, i) => ({
    subKind: "text",
    name: `s${i}`,
    fields: { value: "v" },
  }));
  await importRows(fabric.scope("user", "secret:write"), importInput.parse({ secrets }));
  expect(JSON.parse(await text("json")).secrets).toHaveLength(600);
  expect((await text("csv")).split("\r\n")).toHaveLength(602);
});

test("an export ends when its person leaves the team while it is read", async () => {
  const secrets = Array.from({ length: 300 }, (_, i) => ({
    subKind: "text",
    name: `s${i}`,
    fields: { value: "v" },
  }));
  await importRows(fabric.scope("user", "secret:write"), importInput.parse({ secrets }));
  const pieces = exportSecrets(fabric.scope("user", "secret:list"), "csv");
  await pieces.next();
  await owner.membership.deleteMany({ where: { userId: fabric.user.id } });
  await expect(pieces.next()).rejects.toThrow(NotFound);
});
