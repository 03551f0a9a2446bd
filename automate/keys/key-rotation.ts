import { hostname } from "node:os";
import { v7 as uuidv7 } from "uuid";
import { systemActor } from "@/lib/access/system-actor";
import { type AuditEntry, record } from "@/lib/audit/record";
import type { AuditAction } from "@/lib/audit/schema";
import { db, type Tx } from "@/lib/db/client";

export type RotationKind = "fabric" | "master";

/** A rotation that a copy of automate works on. */
export type Rotation = {
  id: string;
  kind: RotationKind;
  fabricId: string | null;
  target: string;
  total: number;
  startedByName: string;
};

/** The author of a start, pause or resumption: an Admin, an operator, or automate's schedule. */
export type Starter = AuditEntry["actor"];

/** What became of one batch of a rotation. */
export type BatchOutcome =
  /** A batch is stored; more may be left. */
  | "worked"
  /** Nothing can be done now. */
  | "waiting"
  /** It is paused or done, or another copy of automate works on it. */
  | "ended";

/** One copy of automate. A rotation belongs to one copy at a time. */
export const holder = `${hostname()}/${process.pid}/${uuidv7()}`;

/** With the two seconds between two looks, another copy takes over within 30 seconds. */
const leaseSeconds = 25;

/** Actions of the audit log, by kind of rotation. */
const actions = {
  fabric: {
    start: "fabric.key.rotate",
    batch: "fabric.key.reseal",
    pause: "fabric.key.pause",
    resume: "fabric.key.resume",
    end: "fabric.key.rotated",
  },
  master: {
    start: "master_key.rotate",
    batch: "master_key.rewrap",
    pause: "master_key.pause",
    resume: "master_key.resume",
    end: "master_key.rotated",
  },
} as const satisfies Record<RotationKind, Record<string, AuditAction>>;

type Act = keyof (typeof actions)["fabric"];

/** Records an event of a rotation, in the transaction that changes it. */
export async function recordRotation(
  tx: Tx,
  { kind, fabricId, target }: Pick<Rotation, "kind" | "fabricId" | "target">,
  act: Act,
  details: NonNullable<AuditEntry["details"]> = {},
  actor: Starter = systemActor,
): Promise<void> {
  const fabric = fabricId === null ? null : await fabricOf(tx, fabricId);
  await record(tx, {
    actor,
    teamId: fabric?.teamId ?? null,
    fabricId,
    action: actions[kind][act],
    object: fabric
      ? { kind: "fabric", id: fabric.id, name: fabric.name }
      : { kind: "key", id: target, name: "" },
    details: { [kind === "fabric" ? "kid" : "masterKeyId"]: target, ...details },
  });
}

function fabricOf(tx: Tx, id: string) {
  return tx.fabric.findUnique({ where: { id }, select: { id: true, name: true, teamId: true } });
}

/** Throws `AlreadyRotating` when a rotation of this kind, of the same fabric, is running or paused. */
export async function startRotation(
  tx: Tx,
  rotation: { kind: RotationKind; fabricId: string | null },
  starter: Starter,
  /** Makes the target and counts what is to be moved, once it is certain that no other rotation runs. */
  prepare: () => Promise<{ target: string; total: number }>,
): Promise<string> {
  const { kind, fabricId } = rotation;
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`rotation ${kind} ${fabricId}`}, 0))`;
  const other = await tx.keyRotation.findFirst({
    where: { kind, fabricId, state: { not: "done" } },
    select: { id: true },
  });
  if (other) throw new AlreadyRotating(other.id);
  const { target, total } = await prepare();
  const by = { startedById: starter.id, startedByName: starter.name };
  const { id } = await tx.keyRotation.create({
    data: { kind, fabricId, target, total, ...by },
    select: { id: true },
  });
  await recordRotation(tx, { kind, fabricId, target }, "start", { values: total }, starter);
  return id;
}

/** Another rotation of the same key has not ended yet. */
export class AlreadyRotating extends Error {
  override name = "AlreadyRotating";
  constructor(readonly rotationId: string) {
    super("A rotation of this key is running or paused.");
  }
}

/** Pauses or resumes a rotation that has not ended. Returns false when there is none. */
export async function setPaused(
  tx: Tx,
  { kind, fabricId }: Pick<Rotation, "kind" | "fabricId">,
  isPaused: boolean,
  actor: Starter,
): Promise<boolean> {
  const state = isPaused ? "paused" : "running";
  const [changed] = await tx.keyRotation.updateManyAndReturn({
    where: { kind, fabricId, state: { notIn: [state, "done"] } },
    data: { state, lastError: "" },
    select: { target: true },
  });
  if (!changed) return false;
  await recordRotation(tx, { kind, fabricId, ...changed }, isPaused ? "pause" : "resume", {}, actor);
  return true;
}

/**
 * Claims the running rotation that has waited longest and that this copy can work on; null when there is none.
 * `masterKeyId` is the fingerprint of this copy's primary master key: only it can wrap under it.
 */
export async function claimRotation(masterKeyId: string): Promise<Rotation | null> {
  const [claimed] = await db.$queryRaw<Rotation[]>`
    UPDATE key_rotation SET holder = ${holder}, "leasedUntil" = now() + make_interval(secs => ${leaseSeconds}::int)
    WHERE id = (
      SELECT id FROM key_rotation
      WHERE state = 'running' AND "leasedUntil" <= now()
        AND (kind = 'fabric' OR target = ${masterKeyId})
      ORDER BY "leasedUntil" LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, kind, "fabricId", target, total, "startedByName"`;
  return claimed ?? null;
}

/** Lets any copy claim the rotation after a pause. Stores the fault, which people read. */
export async function releaseRotation(id: string, pauseSeconds: number, lastError?: string): Promise<void> {
  await db.$executeRaw`
    UPDATE key_rotation SET holder = '', "leasedUntil" = now() + make_interval(secs => ${pauseSeconds}::float),
      "lastError" = coalesce(${lastError ?? null}, "lastError")
    WHERE id = ${id} AND holder = ${holder}`;
}

/**
 * Stores one batch, in one transaction with its counts, its audit event and a new lease. Returns "ended", and
 * stores nothing, when the rotation is paused or done, or when another copy has claimed it.
 */
export async function storeBatch(
  rotation: Rotation,
  startedAt: number,
  store: (tx: Tx) => Promise<{ done: number; unopened: number }>,
): Promise<BatchOutcome> {
  return whileHeld(rotation, async (tx) => {
    const { done, unopened } = await store(tx);
    const ms = Math.round(performance.now() - startedAt);
    // A transaction that began before the rotation may have stored a value under a former key: the total grows.
    await tx.$executeRaw`
      UPDATE key_rotation SET done = done + ${done}::int, unopened = unopened + ${unopened}::int,
        total = greatest(total, done + unopened + ${done + unopened}::int), "runningMs" = "runningMs" + ${ms}::int,
        "lastError" = '', "leasedUntil" = now() + make_interval(secs => ${leaseSeconds}::int)
      WHERE id = ${rotation.id}`;
    if (done + unopened > 0)
      await recordRotation(tx, rotation, "batch", {
        values: done,
        ...(unopened > 0 ? { unopened } : {}),
        startedBy: rotation.startedByName,
      });
    return "worked";
  });
}

/** Ends a rotation that has moved everything, except what could not be opened. */
export async function endRotation(tx: Tx, { id, ...rotation }: Rotation): Promise<void> {
  // Values that were deleted in the meantime count as done.
  const [ended] = await tx.$queryRaw<{ done: number; unopened: number }[]>`
    UPDATE key_rotation SET state = 'done', "endedAt" = now(), holder = '', done = total - unopened
    WHERE id = ${id} RETURNING done, unopened`;
  const { done = 0, unopened = 0 } = ended ?? {};
  await recordRotation(tx, rotation, "end", {
    values: done,
    ...(unopened > 0 ? { unopened } : {}),
    startedBy: rotation.startedByName,
  });
}

/** Runs `work` in a transaction that holds the lease: nobody pauses or claims the rotation until it ends. */
export async function whileHeld(
  rotation: Rotation,
  work: (tx: Tx) => Promise<BatchOutcome>,
): Promise<BatchOutcome> {
  return db.$transaction(async (tx) => {
    const held = await tx.$queryRaw<unknown[]>`
      SELECT id FROM key_rotation WHERE id = ${rotation.id} AND holder = ${holder} AND state = 'running' FOR UPDATE`;
    return held.length === 0 ? "ended" : work(tx);
  });
}
