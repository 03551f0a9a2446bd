import { holder } from "@/automate/keys/key-rotation";
import { db, type Tx } from "@/lib/db/client";
import type { PasswordRunState } from "@/lib/password-rotations/schema";

/** A run of a password rotation that a copy of automate works on. */
export type PasswordRun = {
  id: string;
  secretId: string;
  fabricId: string;
  state: PasswordRunState;
  candidate: number;
  user: string;
  startedById: string;
  startedByName: string;
};

/** Longer than the statement that sets a password may take: none is pending when another copy asks the server. */
const leaseSeconds = 25;
const renewEveryMs = 5_000;

/** Claims the run that has waited longest and that no copy works on; null when there is none. */
export async function claimRun(): Promise<PasswordRun | null> {
  const [claimed] = await db.$queryRaw<PasswordRun[]>`
    UPDATE password_run SET holder = ${holder}, "leasedUntil" = now() + make_interval(secs => ${leaseSeconds}::int)
    WHERE id = (
      SELECT id FROM password_run WHERE "endedAt" IS NULL AND "leasedUntil" <= now()
      ORDER BY "leasedUntil" LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, "secretId", "fabricId", state, candidate, "user", "startedById", "startedByName"`;
  return claimed ?? null;
}

/** The columns of a run that this copy begins to work on. */
export function ownLease() {
  return { holder, leasedUntil: new Date(Date.now() + leaseSeconds * 1000) };
}

/** Lets any copy claim the run after a pause, and stores the reason for the wait. */
export async function releaseRun(id: string, pauseSeconds: number, code: string | null): Promise<void> {
  await db.$executeRaw`
    UPDATE password_run SET holder = '', code = ${code},
      "leasedUntil" = now() + make_interval(secs => ${pauseSeconds}::float)
    WHERE id = ${id} AND holder = ${holder} AND "endedAt" IS NULL`;
}

/** Another copy of automate has claimed the run. */
export class RunTakenOver extends Error {
  override name = "RunTakenOver";
}

/** Runs `work` in a transaction that holds the run: no other copy claims it until it ends. Throws `RunTakenOver`. */
export async function withHeldRun<T>(
  { id }: Pick<PasswordRun, "id">,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return db.$transaction(async (tx) => {
    const held = await tx.$queryRaw<unknown[]>`
      SELECT id FROM password_run WHERE id = ${id} AND holder = ${holder} AND "endedAt" IS NULL FOR UPDATE`;
    if (held.length === 0) throw new RunTakenOver();
    return work(tx);
  });
}

/** Renews the lease until the returned function is called. */
export function keepLease(id: string): () => void {
  const renew = () =>
    db.$executeRaw`
      UPDATE password_run SET "leasedUntil" = now() + make_interval(secs => ${leaseSeconds}::int)
      WHERE id = ${id} AND holder = ${holder} AND "endedAt" IS NULL`.catch(() => {});
  const timer = setInterval(renew, renewEveryMs);
  return () => clearInterval(timer);
}
