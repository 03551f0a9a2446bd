import { afterAll, beforeAll, expect, test } from "vitest";
import { grant } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { Forbidden } from "@/lib/result";
import { createIssuer } from "@/lib/trusted-issuers/mutations";
import { listIssuers } from "@/lib/trusted-issuers/queries";
import {
  audienceOf,
  type CreateIssuerInput,
  createIssuerInput,
  namesFabric,
} from "@/lib/trusted-issuers/schema";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, existing, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;
let other: TestFabric;

beforeAll(async () => {
  const keys = await createTestKeys();
  // Nothing listens on port 2, as when automate is down. Fetch itself refuses port 9.
  Object.assign(process.env, keys.web, keys.automate, { AUTOMATE_URL: "http://127.0.0.1:2" });
  owner = createDb((await createTestDatabase("web")).ownerUrl);
  fabric = await createTestFabric(owner, "ours");
  other = await createTestFabric(owner, "theirs");
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const trust = { name: "CI", issuer: "https://ci.test.example", audience: "selvage", subject: "repo:ours:*" };
const input = (more: Partial<CreateIssuerInput>) => ({
  ...createIssuerInput.parse({ ...trust, audience: audienceOf(fabric.fabricId) }),
  ...more,
});

test("an issuer can be limited only to objects of its own fabric", async () => {
  const scope = fabric.scope("admin", "token:write");
  expect(await createIssuer(scope, input({ onlySecrets: "nothing" }))).toEqual({
    ok: false,
    code: "invalid",
    fieldErrors: { onlySecrets: "Secret “nothing” not found." },
  });
});

test("only automate adds a trusted issuer: without it web writes nothing", async () => {
  const scope = fabric.scope("admin", "token:write");
  expect(await createIssuer(scope, input({}))).toMatchObject({ code: "automate_unavailable" });
  expect(await owner.trustedIssuer.count()).toBe(0);
  expect(() => fabric.scope("user", "token:write")).toThrow(Forbidden);
});

test("the list shows the issuers of its own fabric only, with their limits", async () => {
  const by = { createdById: fabric.admin.id, createdByName: fabric.admin.name };
  await owner.trustedIssuer.createMany({
    data: [
      { ...trust, ...by, fabricId: fabric.fabricId, secretIds: ["gone"], cidrs: ["10.1.0.0/16"] },
      { ...trust, ...by, fabricId: other.fabricId },
    ],
  });
  const listed = await listIssuers(fabric.scope("user", "token:list"));
  expect(listed.map(({ limits }) => limits)).toEqual([
    {
      secrets: ["(deleted)"],
      connections: [],
      pinned: [],
      cidrs: ["10.1.0.0/16"],
      isLimited: true,
      changes: [],
    },
  ]);
});

test("an audience names its own fabric and no other", async () => {
  const [id, another] = [fabric.fabricId, other.fabricId];
  expect(namesFabric(audienceOf(id), id)).toBe(true);
  expect(namesFabric(`https://selvage.example/${id}`, id)).toBe(true);
  for (const audience of ["selvage", audienceOf(another), `${id}-${another}`, id.slice(1)])
    expect(namesFabric(audience, id), audience).toBe(false);
  const refused = await createIssuer(fabric.scope("admin", "token:write"), input({ audience: "selvage" }));
  expect(refused).toMatchObject({
    code: "invalid",
    fieldErrors: { audience: expect.stringContaining(audienceOf(id)) },
  });
});

test("the list shows an older pattern with the workloads that only this pattern admits", async () => {
  const { fabricId, teamId, admin } = await createTestFabric(owner, "patterns");
  const by = { createdById: admin.id, createdByName: admin.name };
  const { id } = await owner.trustedIssuer.create({
    data: { ...trust, ...by, name: "CI: ours", fabricId, subject: "repo:ours/*", spansParts: true },
  });
  const use = (subject: string) => ({
    actor: { kind: "pipeline" as const, id, name: `CI: ours: ${subject}` },
    teamId,
    fabricId,
    action: "secret.use" as const,
    object: { kind: "secret" as const, id: "s", name: "s" },
  });
  await record(owner, use("repo:ours/etl"), use("repo:ours/etl:ref:refs/heads/main"), use("repo:ours/a/b"));
  const [listed] = await listIssuers(
    grant(admin, "admin", { id: fabricId, teamId, ...existing }, "token:list"),
  );
  expect(listed).toMatchObject({
    spansParts: true,
    spanned: ["repo:ours/a/b", "repo:ours/etl:ref:refs/heads/main"],
    hasOwnKeys: false,
  });
});

test.each([
  ["http://ci.test.example", "repo:ours:*"],
  ["https://user:word@ci.test.example", "repo:ours:*"],
  ["https://ci.test.example/a?", "repo:ours:*"],
  ["https://ci.test.example/a#", "repo:ours:*"],
  ["https://ci.test.example?x=1", "repo:ours:*"],
  ["ci.test.example", "repo:ours:*"],
  ["https://ci.test.example", "*"],
  ["https://ci.test.example", "**a**"],
  ["https://ci.test.example", "*:*/*:*:*/*/*"],
])("the issuer %s with the subject %s is not trusted", (issuer, subject) => {
  expect(createIssuerInput.safeParse({ ...trust, issuer, subject }).success).toBe(false);
});
