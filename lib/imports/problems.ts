import "server-only";
import type * as z from "zod";
import type { Scope } from "@/lib/access/scope";
import { connectionName } from "@/lib/connections/schema";
import { findConnector } from "@/lib/connectors/registry";
import { secretFields } from "@/lib/connectors/validate";
import { db } from "@/lib/db/client";
import type { DryRunInput, RowProblems } from "@/lib/imports/schema";
import { exceededText, type Quota } from "@/lib/quotas/schema";
import { countUse, limitOf } from "@/lib/quotas/usage";
import { ok, type Result } from "@/lib/result";
import { takesAnyTrashedName } from "@/lib/secrets/names";
import { plainSecretName } from "@/lib/secrets/schema";

type Place = Pick<Scope<"secret:write">, "fabricId" | "teamId" | "actor" | "role">;

/**
 * The secrets of the fabric by their present and former names, in small letters. For a secret in the trash whose name
 * the actor may not take, `heldBy` is its creator. Secrets in the trash whose name they may take are left out.
 */
export type TakenNames = ReadonlyMap<
  string,
  { secretId: string; subKind: string; isFormer: boolean; heldBy: string | null }
>;

/** What a dry run finds. Reads names and types only, and changes nothing. */
export async function dryRunImport(
  scope: Scope<"secret:write">,
  input: DryRunInput,
): Promise<Result<{ problems: RowProblems }, never>> {
  return ok({ problems: await findImportProblems(scope, input) });
}

/** Why rows cannot be stored in the fabric as it is now. Empty when they can. */
export async function findImportProblems(
  place: Place,
  { secrets, connections }: DryRunInput,
): Promise<Record<string, string>> {
  const wanted = [
    ...secrets.map(({ name }) => name),
    ...connections.flatMap(({ secretNames }) => Object.values(secretNames)),
  ];
  const taken = await findNames(place, wanted);
  const own = new Map(secrets.map(({ name, subKind }) => [name.toLowerCase(), subKind]));
  const usable = (nameKey: string) => {
    const found = taken.get(nameKey);
    return found?.heldBy === null ? found.subKind : undefined;
  };
  const subKindOf = (nameKey: string) => own.get(nameKey) ?? usable(nameKey);
  const room = await roomProblem(place, { secrets: secrets.length, connections: connections.length });
  return {
    ...secretProblems(secrets, taken),
    ...(await connectionProblems(place, connections, subKindOf)),
    ...(room ? { all: room } : {}),
  };
}

function secretProblems(secrets: DryRunInput["secrets"], taken: TakenNames): Record<string, string> {
  const first = firstByName(secrets);
  return sentences("secrets", secrets, ({ name }, at) => {
    const existing = taken.get(name.toLowerCase());
    const invalid = sentenceOf(plainSecretName, name);
    if (invalid) return invalid;
    if (first.get(name.toLowerCase()) !== at) return twiceText(name);
    return existing ? takenText(name, existing) : null;
  });
}

async function connectionProblems(
  { fabricId }: Place,
  connections: DryRunInput["connections"],
  subKindOf: (nameKey: string) => string | undefined,
): Promise<Record<string, string>> {
  const first = firstByName(connections);
  const rows = await db.connection.findMany({
    where: { fabricId, nameKey: { in: [...first.keys()] } },
    select: { nameKey: true },
  });
  const taken = new Set(rows.map(({ nameKey }) => nameKey));
  return sentences("connections", connections, (connection, at) => {
    const key = connection.name.toLowerCase();
    const invalid = sentenceOf(connectionName, connection.name);
    if (invalid) return invalid;
    if (first.get(key) !== at) return twiceText(connection.name);
    if (taken.has(key)) return `“${connection.name}” is taken by another connection of this fabric.`;
    return referenceProblem(connection, subKindOf);
  });
}

/** A sentence for each row that has one, by list and number. */
function sentences<T>(
  list: "secrets" | "connections",
  rows: readonly T[],
  sentence: (row: T, at: number) => string | null,
): Record<string, string> {
  return Object.fromEntries(
    rows.flatMap((row, at) => {
      const found = sentence(row, at);
      return found === null ? [] : [[`${list}.${at}`, found]];
    }),
  );
}

/** The number of the first row with each name, in small letters. */
function firstByName(rows: readonly { name: string }[]): Map<string, number> {
  const first = new Map<string, number>();
  for (const [at, { name }] of rows.entries()) {
    const key = name.toLowerCase();
    if (!first.has(key)) first.set(key, at);
  }
  return first;
}

function sentenceOf(schema: z.ZodType, name: string): string | null {
  return schema.safeParse(name).error?.issues[0]?.message ?? null;
}

function twiceText(name: string): string {
  return `Two rows have the name “${name}”.`;
}

/** The secrets that have, or had, one of these names. */
export async function findNames(
  scope: Pick<Place, "fabricId" | "actor" | "role">,
  names: readonly string[],
): Promise<TakenNames> {
  const rows = await db.secretName.findMany({
    where: {
      fabricId: scope.fabricId,
      nameKey: { in: [...new Set(names.map((name) => name.toLowerCase()))] },
    },
    select: {
      nameKey: true,
      secretId: true,
      retiredAt: true,
      secret: { select: { subKind: true, deletedAt: true, createdById: true, createdByName: true } },
    },
  });
  return new Map(
    rows.flatMap(({ nameKey, secretId, retiredAt, secret }) => {
      const isFree =
        secret.deletedAt && (takesAnyTrashedName(scope) || secret.createdById === scope.actor.id);
      const heldBy = secret.deletedAt ? secret.createdByName : null;
      const { subKind } = secret;
      return isFree ? [] : [[nameKey, { secretId, subKind, isFormer: retiredAt !== null, heldBy }] as const];
    }),
  );
}

function takenText(name: string, { isFormer, heldBy }: { isFormer: boolean; heldBy: string | null }): string {
  if (heldBy !== null)
    return `“${name}” is a name of a secret in the trash. ${heldBy}, who created it, or an Admin can use the name.`;
  return isFormer
    ? `“${name}” is a former name of a secret in this fabric, and pipelines may still use it.`
    : `“${name}” is already a secret in this fabric.`;
}

/** A secret that the connection names and that is in neither place, or of a type that the field does not take. */
function referenceProblem(
  { kind, secretNames }: DryRunInput["connections"][number],
  subKindOf: (nameKey: string) => string | undefined,
): string | null {
  const connector = findConnector(kind);
  if (!connector) return "No kind of connection has this name.";
  for (const [field, name] of Object.entries(secretNames)) {
    const subKind = subKindOf(name.toLowerCase());
    if (subKind === undefined)
      return `It needs the secret “${name}”, which is neither in the file nor in this fabric. Add it first.`;
    const accepted = secretFields(connector, { ...secretNames }).find((one) => one.field === field)?.subKinds;
    if (accepted && !(accepted as readonly string[]).includes(subKind))
      return `The secret “${name}” has a type that “${field}” does not accept.`;
  }
  return null;
}

async function roomProblem(place: Place, added: Partial<Record<Quota, number>>): Promise<string | null> {
  for (const [quota, count] of Object.entries(added) as [Quota, number][]) {
    if (count > 0 && (await countUse(quota, place)) + count > limitOf(quota))
      return exceededText(quota, limitOf(quota));
  }
  return null;
}
