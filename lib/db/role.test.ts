import { afterAll, beforeAll, expect, test } from "vitest";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { requireDatabaseRole, WrongDatabaseRole } from "@/lib/db/role";
import { createTestDatabase, type TestDatabase } from "@/testing/database";

let urls: TestDatabase;
let owner: Db;
let login: string;

beforeAll(async () => {
  urls = await createTestDatabase("web", { ownRoles: true });
  owner = createDb(urls.ownerUrl);
  login = new URL(urls.webUrl).username;
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

test("web boots with its own login", async () => {
  await expect(requireDatabaseRole("web")).resolves.toBeUndefined();
});

test("automate does not boot with web's login", async () => {
  await expect(requireDatabaseRole("automate")).rejects.toThrow(WrongDatabaseRole);
});

test.each([
  ['GRANT SELECT (sealed) ON secret_field TO "LOGIN"', 'REVOKE SELECT (sealed) ON secret_field FROM "LOGIN"'],
  ['GRANT INSERT ON fabric_key TO "LOGIN"', 'REVOKE INSERT ON fabric_key FROM "LOGIN"'],
  ['GRANT DELETE ON audit_event TO "LOGIN"', 'REVOKE DELETE ON audit_event FROM "LOGIN"'],
  ['ALTER ROLE "LOGIN" CREATEROLE', 'ALTER ROLE "LOGIN" NOCREATEROLE'],
])("web refuses to boot after %s", async (give, take) => {
  await owner.$executeRawUnsafe(give.replace("LOGIN", login));
  await expect(requireDatabaseRole("web")).rejects.toThrow(/can do more than web may/);
  await owner.$executeRawUnsafe(take.replace("LOGIN", login));
  await expect(requireDatabaseRole("web")).resolves.toBeUndefined();
});

test("web refuses a role that could become another program's, even if it does not inherit", async () => {
  const automate = login.replace("_web_login", "_automate");
  await owner.$executeRawUnsafe(`GRANT "${automate}" TO "${login}" WITH INHERIT FALSE, SET TRUE`);
  await expect(requireDatabaseRole("web")).rejects.toThrow(/can do more than web may/);
  await owner.$executeRawUnsafe(`REVOKE "${automate}" FROM "${login}"`);
});

test.each([
  [{ migratedBy: "9.1.0", minimumProgramVersion: "9.0.0" }, /it needs version 9\.0\.0 or newer/],
  [{ migratedBy: "0.1.0" }, /migrated by version 0\.1\.0, .*: run npm run migrate of this version first/],
])("web refuses to boot on a schema with %j", async (schema, sentence) => {
  const former = await owner.schemaInfo.findFirstOrThrow();
  await owner.schemaInfo.updateMany({ data: schema });
  await expect(requireDatabaseRole("web")).rejects.toThrow(sentence);
  await owner.schemaInfo.updateMany({ data: former });
  await expect(requireDatabaseRole("web")).resolves.toBeUndefined();
});
