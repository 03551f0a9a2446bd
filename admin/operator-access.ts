import "server-only";
import { activeToken } from "@/lib/access/active-token";
import { type AuditEntry, record } from "@/lib/audit/record";
import { db, type Tx } from "@/lib/db/client";
import { fail, ok, type Result } from "@/lib/result";
import { activeSession } from "@/lib/sessions/queries";
import { type EndedAccess, endAccess } from "@/lib/users/end-access";
import type { System } from "@/lib/users/provision";
import { emailKey } from "@/lib/users/schema";

/** The person whose access is meant; everybody's when there is no e-mail address. */
export type AccessOf = { email?: string | undefined };

type TokenLine = { name: string; expiresAt: Date | null; lastUsedAt: Date | null };

/** All current access of people and pipelines, without values or hashes. */
export type AccessList = {
  people: {
    email: string;
    name: string;
    isLocked: boolean;
    sessions: number;
    lastSeenAt: Date | null;
    tokens: TokenLine[];
  }[];
  pipelineTokens: (TokenLine & { fabric: string; createdBy: string })[];
  trustedIssuers: { name: string; issuer: string; fabric: string; createdBy: string }[];
};

export async function listAccess({ email }: AccessOf): Promise<Result<AccessList, "no_user">> {
  const people = await db.user.findMany({
    where: email === undefined ? {} : { emailKey: emailKey(email) },
    orderBy: { emailKey: "asc" },
    select: {
      id: true,
      email: true,
      name: true,
      lockedAt: true,
      sessions: { where: activeSession(), select: { lastSeenAt: true }, orderBy: { lastSeenAt: "desc" } },
      accessTokens: {
        where: activeToken(),
        orderBy: { id: "asc" },
        select: { name: true, expiresAt: true, lastUsedAt: true },
      },
    },
  });
  if (email !== undefined && people.length === 0) return fail("no_user");
  const createdBy = email === undefined ? {} : { createdById: { in: people.map(({ id }) => id) } };
  const [tokens, issuers, fabrics] = await Promise.all([
    db.pipelineToken.findMany({
      where: { ...createdBy, ...activeToken() },
      orderBy: [{ fabricId: "asc" }, { id: "asc" }],
      select: { fabricId: true, name: true, expiresAt: true, lastUsedAt: true, createdByName: true },
    }),
    db.trustedIssuer.findMany({
      where: createdBy,
      orderBy: [{ fabricId: "asc" }, { id: "asc" }],
      select: { fabricId: true, name: true, issuer: true, createdByName: true },
    }),
    db.fabric.findMany({ select: { id: true, name: true } }),
  ]);
  const names = new Map(fabrics.map(({ id, name }) => [id, name]));
  const withFabricName = <T extends { fabricId: string; createdByName: string }>(row: T) => {
    const { fabricId, createdByName, ...rest } = row;
    return { ...rest, fabric: names.get(fabricId) ?? fabricId, createdBy: createdByName };
  };
  return ok({
    people: people.map(({ id: _id, lockedAt, sessions, accessTokens, ...person }) => ({
      ...person,
      isLocked: lockedAt !== null,
      sessions: sessions.length,
      lastSeenAt: sessions[0]?.lastSeenAt ?? null,
      tokens: accessTokens,
    })),
    pipelineTokens: tokens.map(withFabricName),
    trustedIssuers: issuers.map(withFabricName),
  });
}

/** The access that ended, and the number of people. */
export type EndedAll = EndedAccess & { people: number; pipelineTokens: number; trustedIssuers: number };

/**
 * Ends sessions, access tokens and pending invitations, of one person or of everybody. Optionally also revokes
 * the pipeline tokens and trusted issuers that they created. Each person has a separate transaction, so an
 * interrupted run can be repeated.
 */
export async function endAccessOf(
  system: System,
  {
    email,
    withPipelineTokens,
    withTrustedIssuers,
  }: AccessOf & { withPipelineTokens: boolean; withTrustedIssuers: boolean },
): Promise<Result<EndedAll, "no_user">> {
  const people = await db.user.findMany({
    where: email === undefined ? {} : { emailKey: emailKey(email) },
    orderBy: { id: "asc" },
    select: { id: true, name: true },
  });
  if (email !== undefined && people.length === 0) return fail("no_user");
  const ended: EndedAll = {
    people: people.length,
    sessions: 0,
    accessTokens: 0,
    invitations: 0,
    pipelineTokens: 0,
    trustedIssuers: 0,
  };
  for (const person of people) {
    const counts = await db.$transaction(async (tx) => {
      const details = await endAccess(tx, system, person.id);
      const object = { kind: "user" as const, ...person };
      await record(tx, {
        actor: system,
        teamId: null,
        fabricId: null,
        action: "user.access.end",
        object,
        details,
      });
      return details;
    });
    ended.sessions += counts.sessions;
    ended.accessTokens += counts.accessTokens;
    ended.invitations += counts.invitations;
  }
  // A removed creator has no row any more. A run for everybody includes what they created.
  const createdBy = email === undefined ? {} : { createdById: { in: people.map(({ id }) => id) } };
  if (withPipelineTokens)
    ended.pipelineTokens = await db.$transaction((tx) => revokePipelineTokens(tx, system, createdBy));
  if (withTrustedIssuers)
    ended.trustedIssuers = await db.$transaction((tx) => removeIssuers(tx, system, createdBy));
  return ok(ended);
}

type CreatedBy = { createdById?: { in: string[] } };

async function revokePipelineTokens(tx: Tx, system: System, createdBy: CreatedBy): Promise<number> {
  const rows = await tx.pipelineToken.updateManyAndReturn({
    where: { ...createdBy, revokedAt: null },
    data: { revokedAt: new Date() },
    select: { id: true, name: true, fabricId: true },
  });
  await recordEach(tx, system, "token", "token.revoke", rows);
  return rows.length;
}

async function removeIssuers(tx: Tx, system: System, createdBy: CreatedBy): Promise<number> {
  const rows = await tx.trustedIssuer.findMany({
    where: createdBy,
    select: { id: true, name: true, fabricId: true },
  });
  await tx.trustedIssuer.deleteMany({ where: { id: { in: rows.map(({ id }) => id) } } });
  await recordEach(tx, system, "issuer", "issuer.delete", rows);
  return rows.length;
}

async function recordEach(
  tx: Tx,
  actor: System,
  kind: "token" | "issuer",
  action: AuditEntry["action"],
  rows: { id: string; name: string; fabricId: string }[],
): Promise<void> {
  const ids = [...new Set(rows.map(({ fabricId }) => fabricId))];
  const fabrics = await tx.fabric.findMany({
    where: { id: { in: ids } },
    select: { id: true, teamId: true },
  });
  const teams = new Map(fabrics.map(({ id, teamId }) => [id, teamId]));
  await record(
    tx,
    ...rows.map(({ id, name, fabricId }): AuditEntry => {
      const object = { kind, id, name };
      return { actor, teamId: teams.get(fabricId) ?? null, fabricId, action, object };
    }),
  );
}
