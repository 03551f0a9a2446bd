import "server-only";
import type { TeamScope } from "@/lib/access/scope";
import { db } from "@/lib/db";
import type { MakerStatus, TeamPipelineToken } from "@/lib/tokens/schema";

/** The pipeline tokens that work in the team's fabrics; those first whose maker is no Admin of the team any more. */
export async function listTeamPipelineTokens(
  { teamId }: TeamScope<"access:list">,
  now = new Date(),
): Promise<TeamPipelineToken[]> {
  const fabrics = await db.fabric.findMany({ where: { teamId }, select: { id: true, name: true } });
  const names = new Map(fabrics.map(({ id, name }) => [id, name]));
  const rows = await db.pipelineToken.findMany({
    where: {
      fabricId: { in: [...names.keys()] },
      revokedAt: null,
      OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
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
  const members = await db.membership.findMany({
    where: { teamId, userId: { in: rows.map(({ createdById }) => createdById) } },
    select: { userId: true, role: true, user: { select: { lockedAt: true } } },
  });
  const statuses = new Map(
    members.map(({ userId, role, user }): [string, MakerStatus] => {
      if (user.lockedAt) return [userId, "locked"];
      return [userId, role === "admin" ? "admin" : "demoted"];
    }),
  );
  const tokens = rows.map(
    ({ createdById, ...row }): TeamPipelineToken => ({
      ...row,
      fabricName: names.get(row.fabricId) ?? "",
      maker: statuses.get(createdById) ?? "left",
    }),
  );
  const isMarked = ({ maker }: TeamPipelineToken) => maker !== "admin";
  return [...tokens.filter(isMarked), ...tokens.filter((token) => !isMarked(token))];
}
