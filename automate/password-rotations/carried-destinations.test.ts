import { afterAll, beforeAll, expect, test } from "vitest";
import { carriedDestinations } from "@/automate/password-rotations/carried-destinations";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";

let owner: Db;
let urls: TestDatabase;
let fabric: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  urls = await createTestDatabase("automate");
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
});

afterAll(async () => {
  await closeDb();
  await owner.$disconnect();
});

let count = 0;
const server = "postgres://db.example.com:5432?tls=verify-full";
type Person = "user" | "admin";
/** Who entered the value, who allowed the destination, and what an Admin was shown. */
const cases: [string, author: Person, by: Person, shown: string[], isCarried: boolean][] = [
  ["allowed for their own value, by a colleague", "user", "user", [], false],
  ["the same, which an Admin was shown", "user", "user", [`${server}&ca=c.3`], true],
  // The colleague may have entered the other version of the authority.
  ["the same with another version of the authority", "user", "user", [`${server}&ca=c.2`], false],
  ["the same without an authority", "user", "user", [server], false],
  ["allowed for their own value, by an Admin", "admin", "admin", [], true],
  ["allowed for a colleague's value, by an Admin", "user", "admin", [], true],
  ["allowed for somebody else's value, by a colleague, in an open fabric", "admin", "user", [], true],
];

test.each(cases)("a destination for a new password: %s", async (_title, author, by, shown, isCarried) => {
  count += 1;
  const versions = [{ by: author, fields: { value: "v" } }];
  const secret = await addTestSecret(owner, fabric, urls.webUrl, {
    id: `s${count}`,
    subKind: "text",
    versions,
  });
  const { id: createdById, name: createdByName } = fabric[by];
  const place = {
    fabricId: fabric.fabricId,
    secretId: secret.id,
    version: 1,
    destination: `${server}&ca=c.3`,
  };
  const { id } = await owner.allowedDestination.create({ data: { ...place, createdById, createdByName } });
  const of = { secretId: secret.id, version: 1 };
  const carried = await db.$transaction((tx) => carriedDestinations(tx, fabric, of, shown));
  expect(carried).toEqual(isCarried ? [id] : []);
});
