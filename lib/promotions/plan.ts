import "server-only";
import { authorize } from "@/lib/access/authorize";
import { allows } from "@/lib/access/policy";
import type { Scope } from "@/lib/access/scope";
import { fieldMeta } from "@/lib/connectors/define";
import { findConnector } from "@/lib/connectors/registry";
import { namedDestinations } from "@/lib/connectors/secret-destinations";
import { db } from "@/lib/db/client";
import { findNames } from "@/lib/imports/problems";
import type { PlanInput, PlannedConnection, PlannedSecret, PromotionPlan } from "@/lib/promotions/schema";
import { NotFound, ok, type Result } from "@/lib/result";
import { isSubKind, type SubKind, subKinds } from "@/lib/secrets/kinds/registry";

/** What a promotion of these connections needs in the other fabric. Changes nothing. Throws `NotFound`. */
export async function planPromotion(
  scope: Scope<"connection:list">,
  { toFabricId, connectionIds }: PlanInput,
): Promise<Result<PromotionPlan, never>> {
  const { actor, fabricId, role } = scope;
  const to = await authorize(actor, toFabricId, "connection:write");
  const connections = await readConnections(fabricId, connectionIds);
  const { name } = await db.fabric.findUniqueOrThrow({ where: { id: toFabricId }, select: { name: true } });
  const taken = await db.connection.findMany({
    where: { fabricId: toFabricId, nameKey: { in: connections.map((one) => one.name.toLowerCase()) } },
    select: { nameKey: true },
  });
  const takenKeys = new Set(taken.map(({ nameKey }) => nameKey));
  return ok({
    toFabricId,
    toName: name,
    connections: connections.map(
      (one): PlannedConnection => ({
        id: one.id,
        name: one.name,
        kind: one.kind,
        hosts: hostsOf(one),
        nameProblem: takenKeys.has(one.name.toLowerCase())
          ? `“${one.name}” is taken by another connection of ${name}.`
          : null,
      }),
    ),
    secrets: await planSecrets(to, connections),
    mayCopy: allows(role, "secret:copy") && allows(to.role, "secret:copy"),
  });
}

export type PromotedConnection = Awaited<ReturnType<typeof readConnections>>[number];

/** The connections with their references, in the order of their ids. Throws `NotFound` when one is missing. */
export async function readConnections(fabricId: string, ids: readonly string[]) {
  const rows = await db.connection.findMany({
    where: { fabricId, id: { in: [...ids] } },
    select: {
      id: true,
      name: true,
      kind: true,
      description: true,
      properties: true,
      secrets: { select: { field: true, secret: { select: { id: true, name: true, subKind: true } } } },
    },
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return [...new Set(ids)].map((id) => {
    const row = byId.get(id);
    if (!row) throw new NotFound("Connection not found.");
    return { ...row, properties: row.properties as Record<string, unknown> };
  });
}

async function planSecrets(
  to: Scope<"connection:write">,
  connections: readonly PromotedConnection[],
): Promise<PlannedSecret[]> {
  const uses = connections.flatMap(({ name, kind, secrets }) =>
    secrets.map(({ field, secret }) => ({ connection: name, secret, accepted: acceptedBy(kind, field) })),
  );
  const taken = await findNames(
    to,
    uses.map(({ secret }) => secret.name),
  );
  const rotated = await db.passwordRotation.findMany({
    where: { secretId: { in: uses.map(({ secret }) => secret.id) } },
    select: { secretId: true },
  });
  const rotatedIds = new Set(rotated.map(({ secretId }) => secretId));
  return [...Map.groupBy(uses, ({ secret }) => secret.id).values()].flatMap((own): PlannedSecret[] => {
    const [first] = own;
    if (!first || !isSubKind(first.secret.subKind)) return [];
    const { id, name, subKind } = { ...first.secret, subKind: first.secret.subKind };
    const accepted = subKinds.filter((one) => own.every((use) => use.accepted.includes(one)));
    const there = taken.get(name.toLowerCase());
    const fits = there && there.heldBy === null && accepted.some((one) => one === there.subKind);
    return [
      {
        id,
        name,
        subKind,
        subKinds: accepted.length > 0 ? accepted : [subKind],
        usedBy: [...new Set(own.map(({ connection }) => connection))],
        there: fits ? { id: there.secretId, name } : null,
        isNameTaken: there !== undefined,
        isRotated: rotatedIds.has(id),
      },
    ];
  });
}

/** The types that a credential field accepts. A nested one takes a text. */
function acceptedBy(kind: string, field: string): readonly SubKind[] {
  const schema = findConnector(kind)?.fields.shape[field];
  return (schema && fieldMeta(schema).subKinds) ?? ["text"];
}

/** The hosts that the settings name, without protocol. */
function hostsOf({ kind, properties }: PromotedConnection): string[] {
  const hosts = namedDestinations(kind, properties, []).map(
    (key) => /:\/\/(.+?:\d+)(\?|$)/.exec(key)?.[1] ?? key,
  );
  return [...new Set(hosts)];
}
