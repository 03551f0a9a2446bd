import "server-only";
import type { Scope } from "@/lib/access/scope";
import { detailsOf, newestOf } from "@/lib/activity/queries";
import type { ActivityActor } from "@/lib/audit/schema";
import { db } from "@/lib/db/client";

/**
 * The actors that Activity can be filtered by: members of the team, the fabric's newest pipelines, Automate,
 * and `actorId` even if that actor has left, or is an access token.
 */
export async function listActivityActors(
  { fabricId, teamId }: Scope<"activity:list">,
  actorId: string | undefined,
): Promise<ActivityActor[]> {
  const members = await db.membership.findMany({
    where: { teamId },
    orderBy: { user: { name: "asc" } },
    take: 200,
    select: { user: { select: { id: true, name: true } } },
  });
  const pipelines = await db.pipelineToken.findMany({
    where: { fabricId },
    orderBy: { id: "desc" },
    take: 100,
    select: { id: true, name: true },
  });
  const actors: ActivityActor[] = [
    ...members.map(({ user }) => ({ ...user, kind: "user" as const })),
    ...pipelines.map((pipeline) => ({ ...pipeline, kind: "pipeline" as const })),
    { id: "automate", name: "Automate", kind: "system" },
  ];
  if (actorId === undefined || actors.some(({ id }) => id === actorId)) return actors;
  const lastEvent = await newestOf(fabricId, { actorIds: [actorId] });
  const kind = lastEvent?.actorKind === "pipeline" ? "pipeline" : "user";
  if (lastEvent) return [...actors, { id: actorId, name: lastEvent.actorName, kind }];
  const byToken = await newestOf(fabricId, { accessTokenId: actorId });
  if (!byToken) return actors;
  const name = `${detailsOf(byToken.details).accessToken}, of ${byToken.actorName}`;
  return [...actors, { id: actorId, name, kind: "token" }];
}
