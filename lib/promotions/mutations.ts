import "server-only";
import { authorize } from "@/lib/access/authorize";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { insertConnection, type PreparedConnection, prepareConnection } from "@/lib/connections/mutations";
import { secretTypes } from "@/lib/connections/secret-types";
import { withMember } from "@/lib/connectors/nested-reference";
import { allOrNothing } from "@/lib/db/all-or-nothing";
import { db, isUniqueViolation } from "@/lib/db/client";
import { askAutomate } from "@/lib/internal-api/client";
import { type PromotedConnection, readConnections } from "@/lib/promotions/plan";
import type { Promoted, PromoteInput, SecretUse } from "@/lib/promotions/schema";
import { withinQuotas } from "@/lib/quotas/require-room";
import { fail, ok, type Result } from "@/lib/result";
import { deleteSecret } from "@/lib/secrets/mutations";

/** Why nothing was promoted. */
export type PromotionCode =
  | "connection_refused"
  | "copy_refused"
  | "missing_secret"
  | "automate_unavailable"
  | "key_service_unavailable"
  | "refused"
  | "reauthenticate";

type Target = Scope<"connection:write">;

/**
 * Stores copies of another fabric's connections in the scope's fabric, all or none: their settings, with secrets that
 * are there or whose values automate copies. No destination is allowed, so a promoted connection sends nothing until
 * somebody has confirmed where.
 *
 * Automate copies values first, because only it can. When the connections cannot be stored afterwards, the copies are
 * deleted again.
 */
export async function promoteConnections(
  scope: Target,
  input: PromoteInput,
): Promise<Result<Promoted, PromotionCode>> {
  const { actor, fabricId } = scope;
  const source = await authorize(actor, input.fromFabricId, "connection:list");
  await authorize(actor, input.fromFabricId, "secret:list");
  const connections = await readConnections(
    source.fabricId,
    input.connections.map(({ id }) => id),
  );
  const needed = new Set(connections.flatMap(({ secrets }) => secrets.map(({ secret }) => secret.id)));
  const uses = input.secrets.filter(({ secretId }) => needed.has(secretId));
  const chosen = new Set(uses.map(({ secretId }) => secretId));
  const missing = connections.flatMap(({ secrets }) => secrets).find(({ secret }) => !chosen.has(secret.id));
  if (missing)
    return fail("missing_secret", { [`secrets.${missing.secret.id}`]: "Choose a secret to use there." });
  const names = new Map(input.connections.map(({ id, name }) => [id, name]));
  const taken = await findTakenName(fabricId, [...names.values()]);
  if (taken) return refusedName(taken);

  const copied = await copyValues(scope, source, uses);
  if (!copied.ok) return copied;
  const useIds = new Map([
    ...uses.flatMap((use): [string, string][] => (use.way === "existing" ? [[use.secretId, use.useId]] : [])),
    ...copied.value.map(({ secretId, copyId }): [string, string] => [secretId, copyId]),
  ]);
  const stored = await storeConnections(scope, source, connections, names, useIds).catch(
    async (error: unknown) => {
      await discardCopies(scope, copied.value);
      throw error;
    },
  );
  if (!stored.ok) {
    await discardCopies(scope, copied.value);
    return stored;
  }
  return ok({ connections: stored.value, copied: copied.value.length });
}

type Copy = { secretId: string; copyId: string };

/** Has automate copy the values that the person chose to copy: an Admin of both fabrics with a recent sign-in. */
async function copyValues(
  scope: Target,
  source: Scope<"connection:list">,
  uses: readonly SecretUse[],
): Promise<Result<Copy[], PromotionCode>> {
  const wanted = uses.flatMap((use) =>
    use.way === "copy" ? [{ secretId: use.secretId, name: use.name }] : [],
  );
  if (wanted.length === 0) return ok([]);
  // Automate checks both, too. Here a refusal is found before anything is asked.
  await authorize(scope.actor, source.fabricId, "secret:copy");
  const copier = await authorize(scope.actor, scope.fabricId, "secret:copy");
  const body = { fromFabricId: source.fabricId, secrets: wanted };
  const mib = (await storedKibOf(wanted.map(({ secretId }) => secretId))) / 1024;
  const added = { secrets: wanted.length, storedByFabric: mib, storedByTeam: mib };
  const answer = await withinQuotas(scope, added, () => askAutomate(copier, "secret:copy", body));
  if (!answer.ok) return answer;
  if ("copies" in answer.value) return ok(answer.value.copies);
  const { problem, name } = answer.value;
  const owner = wanted.find((one) => one.name.toLowerCase() === name.toLowerCase());
  return fail("copy_refused", { [`secrets.${owner?.secretId ?? ""}`]: copyTexts[problem](name) });
}

const copyTexts = {
  name_taken: (name: string) =>
    `“${name}” is already a name of a secret there. Choose another one for the copy.`,
  not_found: (name: string) => `The secret for “${name}” no longer exists.`,
  cannot_open: (name: string) => `The stored value of “${name}” does not open, so it cannot be copied.`,
};

async function storedKibOf(secretIds: readonly string[]): Promise<number> {
  const [row] = await db.$queryRaw<{ kib: number | null }[]>`
    SELECT sum(v."storedKib")::float8 AS kib FROM unnest(${[...secretIds]}::text[]) AS one(id)
    CROSS JOIN LATERAL (
      SELECT "storedKib" FROM secret_version WHERE "secretId" = one.id ORDER BY version DESC LIMIT 1
    ) v`;
  return row?.kib ?? 0;
}

async function storeConnections(
  scope: Target,
  source: Scope<"connection:list">,
  connections: readonly PromotedConnection[],
  names: ReadonlyMap<string, string>,
  useIds: ReadonlyMap<string, string>,
): Promise<Result<{ id: string; name: string }[], PromotionCode>> {
  const prepared: { from: PromotedConnection; connection: PreparedConnection }[] = [];
  for (const from of connections) {
    const properties = from.secrets.reduce<Record<string, unknown>>(
      (all, { field, secret }) => withMember(all, field, useIds.get(secret.id)),
      from.properties,
    );
    const { kind, description } = from;
    const connection = { kind, description, name: names.get(from.id) ?? from.name, properties };
    const result = prepareConnection(connection, await secretTypes(scope, kind, properties));
    if (!result.ok) return refused(from, result.fieldErrors);
    prepared.push({ from, connection: result.value });
  }
  const to = await db.fabric.findUniqueOrThrow({ where: { id: scope.fabricId }, select: { name: true } });
  try {
    return await allOrNothing<{ id: string; name: string }[], PromotionCode>(async (tx) => {
      for (const { from, connection } of prepared) {
        const stored = await insertConnection(tx, scope, connection, "promotion");
        if (!stored.ok) return refused(from, stored.fieldErrors);
        await record(tx, {
          actor: scope.actor,
          teamId: source.teamId,
          fabricId: source.fabricId,
          action: "connection.promote",
          object: { kind: "connection", id: from.id, name: from.name },
          details: { to: to.name },
        });
      }
      return ok(prepared.map(({ connection: { id, input } }) => ({ id, name: input.name })));
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return refusedName((await findTakenName(scope.fabricId, [...names.values()])) ?? "");
  }
}

function refused({ id, name }: PromotedConnection, fieldErrors: Record<string, string> = {}) {
  const [[field = "", message = "This is not valid."] = []] = Object.entries(fieldErrors);
  const property = /^properties\.(.+)$/.exec(field)?.[1];
  return fail("connection_refused", {
    [`connections.${id}`]: `${name}: ${property ? `${property}: ` : ""}${message}`,
  });
}

function refusedName(name: string) {
  return fail("connection_refused", { name: `“${name}” is taken by another connection of that fabric.` });
}

/** One of the names that a connection of the fabric has already, or that appears twice. */
async function findTakenName(fabricId: string, names: readonly string[]): Promise<string | null> {
  const keys = names.map((name) => name.toLowerCase());
  const twice = names.find((name, at) => keys.indexOf(name.toLowerCase()) !== at);
  if (twice !== undefined) return twice;
  const row = await db.connection.findFirst({
    where: { fabricId, nameKey: { in: keys } },
    select: { name: true },
  });
  return row?.name ?? null;
}

/** Deletes copies that no connection uses after all. Each is complete in itself, so one that stays harms nothing. */
async function discardCopies({ actor, fabricId }: Target, copies: readonly Copy[]): Promise<void> {
  for (const { copyId: secretId } of copies) {
    const scope = await authorize(actor, fabricId, "secret:delete:own");
    await deleteSecret(scope, { secretId });
  }
}
