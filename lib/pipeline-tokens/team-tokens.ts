import "server-only";
import { activeToken } from "@/lib/access/active-token";
import { allows } from "@/lib/access/policy";
import type { TeamScope } from "@/lib/access/scope";
import { db } from "@/lib/db/client";
import type { CreatorStatus, TeamIssuer, TeamPipelineToken } from "@/lib/pipeline-tokens/schema";

// All tokens and issuers that can read the team's fabrics, no matter who created them. Lists those first
// whose creator is no longer an Admin of the team: they outlive that person's rights.

/** The working pipeline tokens of the team's fabrics. */
export async function listTeamPipelineTokens(
  { teamId }: TeamScope<"access:list">,
  now = new Date(),
): Promise<TeamPipelineToken[]> {
  const names = await fabricNames(teamId);
  const rows = await db.pipelineToken.findMany({
    where: {
      fabricId: { in: [...names.keys()] },
      ...activeToken(now),
    },
    orderBy: { id: "desc" },
    take: 500,
    select: {
      id: true,
      name: true,
      fabricId: true,
      createdById: true,
      createdByName: true,
      expiresAt: true,
      lastUsedAt: true,
    },
  });
  return withCreatorStatus(teamId, names, rows);
}

/** The issuers whose workloads can read the team's fabrics. */
export async function listTeamIssuers({ teamId }: TeamScope<"access:list">): Promise<TeamIssuer[]> {
  const names = await fabricNames(teamId);
  const rows = await db.trustedIssuer.findMany({
    where: { fabricId: { in: [...names.keys()] } },
    orderBy: { id: "desc" },
    take: 500,
    select: {
      id: true,
      name: true,
      issuer: true,
      subject: true,
      fabricId: true,
      createdById: true,
      createdByName: true,
      createdAt: true,
    },
  });
  return withCreatorStatus(teamId, names, rows);
}

async function fabricNames(teamId: string): Promise<Map<string, string>> {
  const fabrics = await db.fabric.findMany({ where: { teamId }, select: { id: true, name: true } });
  return new Map(fabrics.map(({ id, name }) => [id, name]));
}

async function withCreatorStatus<Row extends { fabricId: string; createdById: string }>(
  teamId: string,
  names: ReadonlyMap<string, string>,
  rows: readonly Row[],
): Promise<(Omit<Row, "createdById"> & { fabricName: string; creatorStatus: CreatorStatus })[]> {
  const members = await db.membership.findMany({
    where: { teamId, userId: { in: rows.map(({ createdById }) => createdById) } },
    select: { userId: true, role: true, user: { select: { lockedAt: true } } },
  });
  const statuses = new Map(
    members.map(({ userId, role, user }): [string, CreatorStatus] => {
      if (user.lockedAt) return [userId, "locked"];
      return [userId, allows(role, "token:write") ? "admin" : "demoted"];
    }),
  );
  const summaries = rows.map(({ createdById, ...row }) => ({
    ...row,
    fabricName: names.get(row.fabricId) ?? "",
    creatorStatus: statuses.get(createdById) ?? ("left" as const),
  }));
  return [
    ...summaries.filter(({ creatorStatus }) => creatorStatus !== "admin"),
    ...summaries.filter(({ creatorStatus }) => creatorStatus === "admin"),
  ];
}
