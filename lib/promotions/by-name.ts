import "server-only";
import { authorize } from "@/lib/access/authorize";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db/client";
import { findNames } from "@/lib/imports/problems";
import { type PromotionCode, promoteConnections } from "@/lib/promotions/mutations";
import { planPromotion } from "@/lib/promotions/plan";
import type { NamedPlan, PromoteByNameInput, Promoted, SecretUse } from "@/lib/promotions/schema";
import { fail, ok, type Result } from "@/lib/result";

// The promotion that scripts request: by names, without copying a value.

type Target = Scope<"connection:write">;

/** The plan, and the ids behind its names: of each connection, and of what each secret becomes. */
type Found = { plan: NamedPlan; connections: { id: string; name: string }[]; uses: SecretUse[] };

/**
 * What a promotion of these connections would store in the fabric of `scope`, and what stands in its way. Changes
 * nothing. Throws `NotFound` for another team's fabric, and `Forbidden`.
 */
export async function planByName(scope: Target, input: PromoteByNameInput): Promise<NamedPlan> {
  return (await findNamed(scope, input)).plan;
}

/** Promotes connections, or nothing: `refused` has a sentence for each name that stands in the way. */
export async function promoteByName(
  scope: Target,
  input: PromoteByNameInput,
): Promise<Result<Promoted, PromotionCode>> {
  const { plan, connections, uses } = await findNamed(scope, input);
  if (Object.keys(plan.problems).length > 0) return fail("connection_refused", plan.problems);
  return promoteConnections(scope, { fromFabricId: input.from, connections, secrets: uses });
}

async function findNamed(
  scope: Target,
  { from, connections: wanted, secrets: chosen }: PromoteByNameInput,
): Promise<Found> {
  const source = await authorize(scope.actor, from, "connection:list");
  await authorize(scope.actor, from, "secret:list");
  const rows = await db.connection.findMany({
    where: { fabricId: source.fabricId, nameKey: { in: wanted.map(({ name }) => name.toLowerCase()) } },
    select: { id: true, nameKey: true },
  });
  const ids = new Map(rows.map(({ id, nameKey }) => [nameKey, id]));
  const problems: Record<string, string> = {};
  const taken = await takenNames(
    scope.fabricId,
    wanted.map(({ name, as = name }) => as),
  );
  const connections = wanted.flatMap(({ name, as = name }, at) => {
    const id = ids.get(name.toLowerCase());
    if (id === undefined) problems[`connections.${at}.name`] = `The fabric has no connection “${name}”.`;
    else if (taken.has(as.toLowerCase()))
      problems[`connections.${at}.as`] =
        `“${as}” is taken by another connection. Choose another name with \`as\`.`;
    return id === undefined ? [] : [{ id, name: as }];
  });
  const connectionIds = connections.map(({ id }) => id);
  const plan =
    connectionIds.length > 0
      ? await planPromotion(source, { toFabricId: scope.fabricId, connectionIds })
      : ok({ connections: [], secrets: [] });
  const { secrets: needed, connections: planned } = plan.ok ? plan.value : { secrets: [], connections: [] };
  const there = await findNames(
    scope,
    chosen.map(({ use }) => use),
  );
  const uses: SecretUse[] = [];
  const secrets = needed.map(({ id: secretId, name, subKind, subKinds, usedBy, there: same }) => {
    const choice = chosen.find((one) => one.name.toLowerCase() === name.toLowerCase())?.use;
    const named = choice === undefined ? undefined : there.get(choice.toLowerCase());
    const fits = named && named.heldBy === null && subKinds.some((one) => one === named.subKind);
    const useId = choice === undefined ? same?.id : fits ? named.secretId : undefined;
    if (useId) uses.push({ way: "existing", secretId, useId });
    else
      problems[`secrets.${name}`] =
        `The fabric has no secret “${choice ?? name}” of the type ${subKinds.join(" or ")}. Name one that it has.`;
    return { name, subKind, usedBy, use: useId ? (choice ?? name) : null };
  });
  for (const { name } of chosen)
    if (!needed.some((one) => one.name.toLowerCase() === name.toLowerCase()))
      problems[`secrets.${name}`] = "None of these connections uses this secret.";
  const names = new Map(connections.map(({ id, name }) => [id, name]));
  return {
    plan: {
      connections: planned.map(({ id, name, kind, hosts }) => ({
        name,
        as: names.get(id) ?? name,
        kind,
        hosts,
      })),
      secrets,
      problems,
    },
    connections,
    uses,
  };
}

/** Those of the names that a connection of the fabric has, and those that appear twice; in lower case. */
async function takenNames(fabricId: string, names: readonly string[]): Promise<Set<string>> {
  const keys = names.map((name) => name.toLowerCase());
  const rows = await db.connection.findMany({
    where: { fabricId, nameKey: { in: keys } },
    select: { nameKey: true },
  });
  return new Set([
    ...rows.map(({ nameKey }) => nameKey),
    ...keys.filter((key, at) => keys.indexOf(key) !== at),
  ]);
}
