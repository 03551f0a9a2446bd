import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDb, type Db } from "@/lib/db/client";
import { builtPrograms } from "@/testing/built-programs";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

const program = join(builtPrograms("admin", { admin: "admin/main.ts" }), "admin.mjs");
let ownerUrl: string;
let owner: Db;

beforeAll(async () => {
  const keys = await createTestKeys();
  Object.assign(process.env, keys.automate);
  ownerUrl = (await createTestDatabase("web")).ownerUrl;
  owner = createDb(ownerUrl);
});
afterAll(async () => {
  await owner.$disconnect();
});

/** Runs an operator's command in its own process. */
function admin(...args: string[]) {
  return adminWith({}, ...args);
}

async function adminWith(
  variables: Record<string, string>,
  ...args: string[]
): Promise<{ code: number; output: string }> {
  const { PATH } = process.env;
  const command = ["--conditions=react-server", program, ...args];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, command, {
      env: { PATH, DATABASE_URL: ownerUrl, TZ: "UTC", NODE_ENV: "test", ...variables },
      timeout: 60_000,
    });
    return { code: 0, output: stdout.trim() };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, output: stderr.trim() };
  }
}

/**
 * A fabric whose Admin has a session, an access token, an open invitation, a pipeline token and a trusted
 * issuer.
 */
async function powerful() {
  const fabric = await createTestFabric(owner);
  const { id, name, email } = fabric.admin;
  const expiresAt = new Date(Date.now() + 86_400_000);
  await owner.session.create({ data: { userId: id } });
  await owner.accessToken.create({
    data: { userId: id, name: "Nightly", tokenHash: randomUUID(), expiresAt },
  });
  const by = { createdById: id, createdByName: name };
  const { fabricId, teamId } = fabric;
  await owner.pipelineToken.create({ data: { fabricId, name: "etl", tokenHash: randomUUID(), ...by } });
  const trust = { issuer: "https://ci.test.example", audience: "selvage", subject: "repo:ours" };
  await owner.trustedIssuer.create({ data: { fabricId, name: "CI", ...trust, ...by } });
  const to = `${randomUUID()}@test.example`;
  await owner.invitation.create({
    data: { teamId, email: to, emailKey: to, role: "user", tokenHash: randomUUID(), expiresAt, ...by },
  });
  return { email, fabricId };
}

const counts = async () => ({
  sessions: await owner.session.count({ where: { revokedAt: null } }),
  accessTokens: await owner.accessToken.count({ where: { revokedAt: null } }),
  pipelineTokens: await owner.pipelineToken.count({ where: { revokedAt: null } }),
  issuers: await owner.trustedIssuer.count(),
  invitations: await owner.invitation.count({ where: { usedAt: null } }),
});

test("an operator lists all access, ends one person's access, then everybody's", async () => {
  const [one, other] = [await powerful(), await powerful()];

  const listed = await admin("list-access", "--email", one.email);
  expect(listed.code).toBe(0);
  expect(listed.output).toContain(`${one.email} (Ada Admin): 1 session, last active `);
  expect(listed.output).toContain('access token "Nightly": expires ');
  expect(listed.output).toContain('pipeline token "etl" of fabric');
  expect(listed.output).toContain('trusted issuer "CI" (https://ci.test.example) of fabric');
  expect(listed.output).not.toContain(other.email);
  const all = await admin("list-access");
  expect(all.output).toContain(one.email);
  expect(all.output).toContain(other.email);

  expect(await admin("end-access", "--email", one.email)).toEqual({
    code: 0,
    output:
      "1 person: Ended 1 session, 1 access token and 1 open invitation.\nRevoked 0 pipeline tokens. Removed 0 trusted issuers.",
  });
  expect(await counts()).toEqual({
    sessions: 1,
    accessTokens: 1,
    pipelineTokens: 2,
    issuers: 2,
    invitations: 1,
  });

  // Two teams of two people.
  expect(await admin("end-access", "--everybody", "--pipeline-tokens", "--trusted-issuers")).toEqual({
    code: 0,
    output:
      "4 people: Ended 1 session, 1 access token and 1 open invitation.\nRevoked 2 pipeline tokens. Removed 2 trusted issuers.",
  });
  expect(await counts()).toEqual({
    sessions: 0,
    accessTokens: 0,
    pipelineTokens: 0,
    issuers: 0,
    invitations: 0,
  });
  const events = await owner.auditEvent.findMany({
    where: { fabricId: one.fabricId },
    orderBy: { id: "asc" },
  });
  expect(events.map(({ action, actorName }) => `${actorName} ${action}`)).toEqual([
    "Command line token.revoke",
    "Command line issuer.delete",
  ]);
});

test("end-access requires a person or --everybody", async () => {
  const { code, output } = await admin("end-access");
  expect(code).toBe(1);
  expect(output).toMatch(/^Use either --email or --everybody\./);
  expect((await admin("end-access", "--everybody", "--email", "a@test.example")).code).toBe(1);
  expect(await admin("list-access", "--email", "nobody@test.example")).toEqual({
    code: 1,
    output: "Person nobody@test.example not found.",
  });
});

test("a user-chosen name cannot inject terminal control characters into the operator's output", async () => {
  const { email } = await powerful();
  await owner.user.updateMany({ where: { emailKey: email }, data: { name: "Ada\u001b[2J" } });
  expect((await admin("list-access", "--email", email)).output).not.toContain("\u001b");
});

test("an operator cannot remove the last Admin of a team, and can remove any other member", async () => {
  const { email, fabricId } = await powerful();
  const refused = await admin("remove-user", "--email", email);
  expect(refused.code).toBe(1);
  expect(refused.output).toMatch(/is the only Admin of fabric \w+\. Make another member an Admin first/);
  const { teamId } = await owner.fabric.findUniqueOrThrow({ where: { id: fabricId } });
  await owner.membership.updateMany({ where: { teamId, role: "user" }, data: { role: "admin" } });
  expect((await admin("remove-user", "--email", email)).output).toMatch(
    /^Removed .* Ended 1 session, 1 access token/,
  );
  expect(await owner.user.count({ where: { emailKey: email } })).toBe(0);
});

test("an operator sees the partitions of the audit log, and has old events removed", async () => {
  const { output } = await admin("activity", "status");
  expect(output).toMatch(
    /^Partitions of the audit log, by UTC:\n {2}audit_event_first: the beginning to \d{4}-\d\d-01, about /,
  );
  expect(output).toContain("audit_event_default: without a partition of their month, about 0 events");
  expect(output).toContain("Events are kept without a limit: ACTIVITY_MONTHS is not set.");
  expect(await admin("activity", "maintain")).toEqual({ code: 0, output: "Nothing to do." });
  expect((await admin("activity", "drop")).code).toBe(1);
  expect(await adminWith({ ACTIVITY_MONTHS: "0" }, "activity", "maintain")).toMatchObject({
    code: 1,
    output: expect.stringContaining("ACTIVITY_MONTHS must be a number of months from 1 to 1200"),
  });
});
