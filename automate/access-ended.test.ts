import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { endAccessOf } from "@/admin/operator-access";
import { createDb, type Db } from "@/lib/db/client";
import type { AutomateBody, AutomatePurpose } from "@/lib/internal-api/contract";
import { processState } from "@/lib/process-state";
import { commandLine, lockUser, removeUser } from "@/lib/users/provision";
import { createTestAutomates } from "@/testing/automate";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { signRequest } from "@/testing/signed-request";
import { countWaiting } from "@/testing/waiting-queries";

// Requests that web signed before their person's access ended.

let owner: Db;
let fabric: TestFabric;
let signingKey: string;
let automateUrl: string;
let automateEnv: Record<string, string>;
const automates = createTestAutomates(() => automateEnv);

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  signingKey = web.WEB_SIGNING_KEY;
  const urls = await createTestDatabase("automate");
  automateEnv = { ...automate, AUTOMATE_DATABASE_URL: urls.automateUrl };
  Object.assign(process.env, automate);
  owner = createDb(urls.ownerUrl);
  // An operator's command connects as the owner of the schema.
  processState<{ db: Db }>().db = owner;
  ({ internalUrl: automateUrl } = await automates.start());
});

afterAll(async () => {
  automates.stopAll();
  await owner.$disconnect();
});

type Claims = Record<string, string | number>;

const sign = <P extends AutomatePurpose>(purpose: P, body: AutomateBody<P>, claims: Claims = {}) =>
  signRequest(
    { automateUrl, signingKey },
    { userId: fabric.admin.id, fabricId: fabric.fabricId },
    purpose,
    body,
    claims,
  );

const tokenBody = { name: "nightly", expiresAt: null };
const everything = { withPipelineTokens: true, withTrustedIssuers: true };
const livingTokens = () =>
  owner.pipelineToken.count({ where: { fabricId: fabric.fabricId, revokedAt: null } });

const ends: [string, () => Promise<unknown>][] = [
  ["an operator's end-access", () => endAccessOf(commandLine, { email: fabric.admin.email, ...everything })],
  ["everybody's end-access", () => endAccessOf(commandLine, everything)],
  ["a lock", () => lockUser(commandLine, { email: fabric.admin.email })],
  ["a removal", () => removeUser(commandLine, { email: fabric.admin.email })],
];

describe.each(ends)("after %s", (_name, end) => {
  test("automate refuses a request that web signed before it", async () => {
    fabric = await createTestFabric(owner);
    await owner.membership.create({
      data: { teamId: fabric.teamId, userId: (await createTestFabric(owner)).admin.id, role: "admin" },
    });
    const request = await sign("token:create", tokenBody);
    await end();
    const answer = await fetch(request);
    expect([answer.status, (await answer.json()).error.code]).toEqual([401, "unknown_actor"]);
    expect(await livingTokens()).toBe(0);
  });
});

test("a request in flight creates nothing that the command misses", async () => {
  fabric = await createTestFabric(owner);
  const request = await sign("token:create", tokenBody);
  let answer: Promise<Response> | undefined;
  let ended: Promise<unknown> | undefined;
  await owner.$transaction(async (tx) => {
    // The lock holds the request after automate has verified it, when it counts secrets for its limits.
    await tx.$executeRaw`LOCK TABLE secret IN ACCESS EXCLUSIVE MODE`;
    answer = fetch(request);
    await vi.waitFor(async () => expect(await countWaiting(owner, '"secret"')).toBe(1), 5_000);
    ended = endAccessOf(commandLine, { email: fabric.admin.email, ...everything });
    // The command waits for the request.
    await vi.waitFor(async () => expect(await countWaiting(owner, "")).toBe(2), 5_000);
  });
  await ended;
  expect((await answer)?.status).toBe(200);
  expect(await livingTokens()).toBe(0);
});

test("a person who signs in again can act again", async () => {
  fabric = await createTestFabric(owner);
  await endAccessOf(commandLine, { email: fabric.admin.email, ...everything });
  const answer = await fetch(await sign("token:create", tokenBody, { access_epoch: 1 }));
  expect(answer.status).toBe(200);
});
