import "server-only";
import * as z from "zod";
import { allows } from "@/lib/access/policy";
import type { Scope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { db, literal, type Prisma } from "@/lib/db/client";
import { decodeCursor, encodeCursor } from "@/lib/db/cursor";
import { postgresText } from "@/lib/db/text";
import {
  type DeletedFabric,
  type FabricDetail,
  type FabricListQuery,
  type FabricPage,
  type FabricSummary,
  type FabricTeam,
  type Provider,
  providers,
} from "@/lib/fabrics/schema";
import { type FormerVersions, formerVersions } from "@/lib/internal-api/bodies/former-versions";
import { inListSlot, type PageRequest } from "@/lib/limits/list-slots";
import { NotFound } from "@/lib/result";

const pageSize = 50;

const columns = {
  id: true,
  name: true,
  nameKey: true,
  description: true,
  provider: true,
  createdAt: true,
  createdByName: true,
  team: { select: { id: true, name: true } },
  _count: { select: { secrets: { where: { deletedAt: null } }, connections: true } },
} as const;
type Row = Prisma.FabricGetPayload<{ select: typeof columns }>;

/** One page of the fabrics of the actor's teams, by name. */
export async function listFabrics(
  actor: Actor,
  query: FabricListQuery,
  { limit = pageSize, isLater }: PageRequest = {},
): Promise<FabricPage> {
  const ofActor: Prisma.FabricWhereInput = {
    team: { memberships: { some: { userId: actor.id } } },
    deletion: null,
  };
  const isBackward = query.after === undefined && query.before !== undefined;
  const cursor = parseCursor(query.after ?? query.before);
  const find = () =>
    db.fabric.findMany({
      where: { AND: [ofActor, matches(query), cursor ? beyond(cursor, isBackward) : {}] },
      orderBy: isBackward ? [{ nameKey: "desc" }, { id: "desc" }] : [{ nameKey: "asc" }, { id: "asc" }],
      take: limit + 1,
      select: columns,
    });
  const rows = await inListSlot(actor.id, find, { isLater });
  const hasMore = rows.length > limit;
  const page = rows.slice(0, limit);
  if (isBackward) page.reverse();
  const [first, last] = [page.at(0), page.at(-1)];
  return {
    fabrics: page.map(summaryOf),
    next: last && (isBackward || hasMore) ? cursorOf(last) : null,
    previous: first && (isBackward ? hasMore : cursor) ? cursorOf(first) : null,
    isEmpty: rows.length === 0 && !(await db.fabric.findFirst({ where: ofActor, select: { id: true } })),
  };
}

/** The label of the team's master key that was chosen for the fabric, or null while it uses the primary. */
export async function findOwnMasterKey({ fabricId }: Scope<"fabric:see">): Promise<string | null> {
  const [row] = await db.$queryRaw<{ label: string }[]>`
    SELECT coalesce(k.label, o."masterKeyId") AS label
    FROM fabric_master_key o LEFT JOIN master_key k ON k.fingerprint = o."masterKeyId"
    WHERE o."fabricId" = ${fabricId}`;
  return row?.label ?? null;
}

/** How many deleted fabrics the page lists. */
const maxDeletedShown = 100;

/** The deleted fabrics of the actor's teams, last deleted first. */
export async function listDeletedFabrics(actor: Actor): Promise<DeletedFabric[]> {
  const rows = await db.$queryRaw<
    (Omit<DeletedFabric, "team" | "canRestore"> & {
      teamId: string;
      teamName: string;
      role: "user" | "admin";
    })[]
  >`
    SELECT f.id, f.name, t.id AS "teamId", t.name AS "teamName", m.role::text AS role, d."requestedAt" AS "deletedAt",
      d."requestedByName" AS "deletedByName", d."destroyAt", d."destroyAt" <= now() AS "isBeingDestroyed",
      coalesce(k.label, o."masterKeyId") AS "ownMasterKey"
    FROM fabric_deletion d
    LEFT JOIN fabric_master_key o ON o."fabricId" = d."fabricId"
    LEFT JOIN master_key k ON k.fingerprint = o."masterKeyId"
    JOIN fabric f ON f.id = d."fabricId"
    JOIN team t ON t.id = f."teamId"
    JOIN membership m ON m."teamId" = t.id AND m."userId" = ${actor.id}
    ORDER BY d."requestedAt" DESC, f.id LIMIT ${maxDeletedShown}`;
  return rows.map(({ teamId, teamName, role, ...row }) => ({
    ...row,
    team: { id: teamId, name: teamName },
    canRestore: allows(role, "fabric:restore"),
  }));
}

/** The fabric of the scope, for its header and Basic info. */
export async function getFabric(scope: Scope<"fabric:see">): Promise<FabricDetail> {
  const row = await db.fabric.findUnique({ where: { id: scope.fabricId }, select: columns });
  if (!row) throw new NotFound("Fabric not found.");
  const admins = await db.membership.findMany({
    where: { teamId: scope.teamId, role: "admin" },
    orderBy: { createdAt: "asc" },
    take: 5,
    select: { user: { select: { name: true } } },
  });
  return { ...summaryOf(row), admins: admins.map(({ user }) => user.name) };
}

/** How many former versions of a secret pipelines may still read in this fabric. */
export async function getFormerVersions({ fabricId }: Scope<"token:list">): Promise<FormerVersions> {
  const row = await db.versionRule.findUnique({ where: { fabricId }, select: { formerVersions: true } });
  return formerVersions.catch(0).parse(row?.formerVersions ?? 0);
}

/** The actor's teams by name. Each has its Admins, and whether the actor is one. */
export async function listFabricTeams(actor: Actor): Promise<FabricTeam[]> {
  const teams = await db.team.findMany({
    where: { memberships: { some: { userId: actor.id } } },
    orderBy: { nameKey: "asc" },
    select: {
      id: true,
      name: true,
      memberships: {
        where: { role: "admin" },
        orderBy: { createdAt: "asc" },
        select: { userId: true, user: { select: { name: true } } },
      },
    },
  });
  return teams.map(({ id, name, memberships }) => ({
    id,
    name,
    isAdmin: memberships.some(({ userId }) => userId === actor.id),
    admins: memberships.slice(0, 5).map(({ user }) => user.name),
  }));
}

function matches({ search, provider, team }: FabricListQuery): Prisma.FabricWhereInput {
  return {
    ...(provider ? { provider } : {}),
    ...(team ? { teamId: team } : {}),
    ...(search
      ? {
          OR: [
            { nameKey: { contains: literal(search.toLowerCase()) } },
            { description: { contains: literal(search), mode: "insensitive" } },
          ],
        }
      : {}),
  };
}

const cursorValues = z.tuple([postgresText(512), postgresText(512)]);

function cursorOf({ nameKey, id }: Row): string {
  return encodeCursor([nameKey, id]);
}

/** True for a cursor of a page of fabrics. */
export function isFabricCursor(cursor: string): boolean {
  return parseCursor(cursor) !== undefined;
}

/** An invalid cursor gives undefined, which selects the first page. */
function parseCursor(cursor: string | undefined) {
  return decodeCursor(cursorValues, cursor);
}

function beyond([nameKey, id]: z.infer<typeof cursorValues>, isBackward: boolean): Prisma.FabricWhereInput {
  const side = isBackward ? "lt" : "gt";
  return { OR: [{ nameKey: { [side]: nameKey } }, { nameKey, id: { [side]: id } }] };
}

function summaryOf({ nameKey: _, _count, provider, ...row }: Row): FabricSummary {
  return {
    ...row,
    provider: providerOf(provider),
    secrets: _count.secrets,
    connections: _count.connections,
  };
}

function providerOf(provider: string): Provider {
  return provider in providers ? (provider as Provider) : "none";
}
