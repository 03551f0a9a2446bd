import "server-only";
import type { Scope } from "@/lib/access/scope";
import { type CheckCode, checkCodes } from "@/lib/connectors/check-protocol";
import { type PasswordKind, passwordKindOf, passwordKinds } from "@/lib/connectors/password-kinds";
import { db } from "@/lib/db/client";
import { findOverlap } from "@/lib/password-rotations/overlap";
import type {
  Alphabet,
  PasswordRunState,
  RotationDetail,
  RotationMethod,
  RotationProblem,
  RunSummary,
  ServerHas,
} from "@/lib/password-rotations/schema";
import { secretKinds, subKinds } from "@/lib/secrets/kinds/registry";

/** How many runs, connections and administrators' secrets a page offers. */
const shownRuns = 5;
const maxOptions = 100;

/** The rotation of a secret, its newest runs, and where it could be set up. */
export async function getRotation(scope: Scope<"secret:list">, secretId: string): Promise<RotationDetail> {
  const { fabricId } = scope;
  const [row, runs, connections] = await Promise.all([
    db.passwordRotation.findFirst({ where: { secretId, fabricId } }),
    db.passwordRun.findMany({
      where: { secretId, fabricId },
      orderBy: { startedAt: "desc" },
      take: shownRuns,
    }),
    db.connection.findMany({
      where: {
        fabricId,
        OR: (Object.keys(passwordKinds) as PasswordKind[]).map((kind) => ({
          kind,
          secrets: { some: { secretId, field: passwordKinds[kind].field } },
        })),
      },
      orderBy: { nameKey: "asc" },
      take: maxOptions,
      select: { id: true, name: true, kind: true },
    }),
  ]);
  const administrator = row?.administratorId
    ? await db.secret.findFirst({
        where: { id: row.administratorId, fabricId, deletedAt: null },
        select: { name: true },
      })
    : null;
  const overlap = row && (await findOverlap(row));
  const isKey = row?.method === "key_pair";
  // In runs before the present settings, another secret may have signed in.
  const signedInBy = (run: Row) =>
    row && run.startedAt >= row.setAt && row.method === "pair" ? (administrator?.name ?? null) : null;
  return {
    connections: connections.map(({ id, name, kind }) => ({
      id,
      name,
      methods: passwordKindOf(kind)?.methods ?? [],
      rights: passwordKindOf(kind)?.rights ?? "",
    })),
    runs: runs.map((run) => ({ ...summaryOf(run), isKey, signedInBy: signedInBy(run) })),
    settings: row && {
      connectionId: row.connectionId,
      connectionName: connections.find(({ id }) => id === row.connectionId)?.name ?? null,
      method: row.method as RotationMethod,
      administratorId: row.administratorId,
      administratorName: administrator?.name ?? null,
      users: row.users,
      length: row.length,
      alphabet: row.alphabet as Alphabet,
      everyDays: row.everyDays,
      windowStart: row.windowStart,
      windowMinutes: row.windowMinutes,
      overlapMinutes: row.overlapMinutes,
      overlap,
      dueAt: row.dueAt,
      problem: row.problem as RotationProblem | null,
      setByName: row.setByName,
      setAt: row.setAt,
    },
  };
}

type Row = Awaited<ReturnType<typeof db.passwordRun.findMany>>[number];

function summaryOf({ wasSetAt, promotedAt, ...row }: Row): Omit<RunSummary, "isKey" | "signedInBy"> {
  const { id, user, version, refusedBy, startedAt, startedByName, endedAt } = row;
  const code = checkCodes.find((one) => one === row.code) ?? null;
  return {
    ...{ id, user, version, refusedBy, startedAt, startedByName, endedAt },
    state: row.state as PasswordRunState,
    serverHas: row.serverHas as ServerHas,
    code: code satisfies CheckCode | null,
    gapMs: wasSetAt && promotedAt && user === "" ? promotedAt.getTime() - wasSetAt.getTime() : null,
  };
}

/** The secrets whose passwords or keys are set through a connection, by name. */
export async function listRotatedThrough(
  { fabricId }: Scope<"connection:list">,
  connectionId: string,
): Promise<{ id: string; name: string }[]> {
  const rows = await db.passwordRotation.findMany({
    where: { fabricId, connectionId, secret: { deletedAt: null } },
    orderBy: { secret: { nameKey: "asc" } },
    take: maxOptions,
    select: { secret: { select: { id: true, name: true } } },
  });
  return rows.map(({ secret }) => secret);
}

/** The secrets that can sign in as an administrator, by name. */
export async function listAdministrators(
  { fabricId }: Scope<"secret:list">,
  secretId: string,
): Promise<{ id: string; name: string }[]> {
  return db.secret.findMany({
    where: {
      fabricId,
      deletedAt: null,
      id: { not: secretId },
      subKind: { in: subKinds.filter((subKind) => secretKinds[subKind].givesUser) },
    },
    orderBy: { nameKey: "asc" },
    take: maxOptions,
    select: { id: true, name: true },
  });
}
