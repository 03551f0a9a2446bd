import { afterAll, beforeAll, expect, test } from "vitest";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestAutomates } from "@/testing/automate";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { signRequest } from "@/testing/signed-request";

let owner: Db;
let urls: TestDatabase;
let automates: ReturnType<typeof createTestAutomates>;
let signingKey: string;

beforeAll(async () => {
  const keys = await createTestKeys();
  urls = await createTestDatabase("automate");
  Object.assign(process.env, keys.web, keys.automate);
  signingKey = keys.web.WEB_SIGNING_KEY;
  owner = createDb(urls.ownerUrl);
  automates = createTestAutomates(() => ({ ...keys.automate, AUTOMATE_DATABASE_URL: urls.automateUrl }));
});

afterAll(async () => {
  automates.stopAll();
  await owner.$disconnect();
  await closeDb();
});

test("with 0 days, automate destroys a deleted fabric at once, and nobody can undo it", async () => {
  const { internalUrl: automateUrl } = await automates.start({ FABRIC_DELETION_DAYS: "0" });
  const fabric = await createTestFabric(owner, "short");
  const { fabricId, admin } = fabric;
  await addTestSecret(owner, fabric, urls.webUrl, {
    id: "login",
    subKind: "username_password",
    versions: [
      { by: "user", fields: { username: "svc", password: "one" } },
      { by: "user", fields: { password: "two" } },
    ],
  });
  const ask = async (purpose: "fabric:delete" | "fabric:restore") =>
    fetch(
      await signRequest({ automateUrl, signingKey }, { userId: admin.id, fabricId }, purpose, { fabricId }),
    );
  expect((await ask("fabric:delete")).status).toBe(200);
  const undone = await ask("fabric:restore");
  expect([200, 404]).toContain(undone.status);
  if (undone.status === 200) expect(await undone.json()).toEqual({ problem: "too_late" });
  const left = async () => [
    await owner.fabric.count({ where: { id: fabricId } }),
    await owner.fabricKey.count({ where: { fabricId } }),
    await owner.secretField.count({ where: { fabricId } }),
  ];
  await expect.poll(left, { timeout: 15_000 }).toEqual([0, 0, 0]);
  const events = await owner.auditEvent.findMany({ where: { fabricId }, orderBy: { id: "asc" } });
  expect(events.map(({ action, actorName }) => [action, actorName])).toEqual([
    ["fabric.delete", "Ada Admin"],
    ["fabric.destroy", "Automate"],
  ]);
});

test.each(["91", "-1", "1.5", "week"])("automate does not start with %s days", async (days) => {
  const { process: child } = await automates.launch({ FABRIC_DELETION_DAYS: days }, [], "pipe");
  let output = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const code = await new Promise((exited) => child.once("exit", exited));
  expect(code).toBe(1);
  expect(output).toContain("FABRIC_DELETION_DAYS");
});
