import PgBoss from "pg-boss";
import { failureOf, keepResult } from "@/automate/check-results";
import { judgeDestinations } from "@/automate/destinations";
import { prepareCheck, versionsOf } from "@/automate/prepare-check";
import type { PreparedRuns } from "@/automate/run-prepared-check";
import { refusals } from "@/automate/sign-in-budget";
import { authorizeBackground } from "@/lib/access/background";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { checkQueue, jobSchema } from "@/lib/connections/check-queue";
import { isInUse } from "@/lib/connections/rest";
import { codesBesideStatus } from "@/lib/connections/schema";
import type { CheckCode, CheckResult } from "@/lib/connectors/check-protocol";
import { destinationKey } from "@/lib/connectors/destination";
import { db, Prisma, type Tx } from "@/lib/db";

type Settings = {
  runPrepared: PreparedRuns;
  databaseUrl: string;
  /** How long a passed check is believed. */
  minutes: number;
  /** Told the name of an error, never its text. */
  onError: (name: string) => void;
};

type Row = { id: string; name: string; kind: string; fabricId: string; configHash: string };

const planEveryMs = 60_000;
const atOnce = 3;
/** Checks of one plan start spread over this time. */
const jitterSeconds = 45;
const mostPerPlan = 500;
/** A check waits for its turn, then for its sign-ins, then runs: the lock is held all along. */
const longestCheckMs = 150_000;

/** What a person's account may be locked for, and what says that it nearly is: not tried again by itself the same day. */
const onceADay: readonly CheckCode[] = [...refusals, "sign_in_paused"];
/** Findings that say nothing of the connection and cost nothing: it stays due. */
const notRecorded: readonly CheckCode[] = ["cancelled", "busy"];

/** Checks saved connections by itself; several copies of automate share the work. */
export async function startBackgroundChecks({ runPrepared, databaseUrl, minutes, onError }: Settings) {
  const boss = new PgBoss({
    connectionString: databaseUrl,
    schema: jobSchema,
    migrate: false,
    schedule: false,
    max: 3,
  });
  boss.on("error", ({ name }: Error) => onError(name));
  await boss.start();
  const work = async (jobs: { data: { connectionId: string } }[]) => {
    // pg-boss keeps the text of an error that it sees.
    for (const { data } of jobs)
      await checkInBackground(runPrepared, data.connectionId, minutes).catch(({ name }: Error) =>
        onError(name),
      );
  };
  // A few at once, so that one silent server does not hold up the others, and people still get their turns.
  for (let worker = 0; worker < atOnce; worker += 1)
    await boss.work(checkQueue.name, { batchSize: 1, pollingIntervalSeconds: 1 }, work);
  const plan = () => planChecks(boss, minutes).catch(({ name }: Error) => onError(name));
  const planning = setInterval(plan, planEveryMs);
  void plan();
  return {
    async stop() {
      clearInterval(planning);
      await boss.stop({ graceful: false });
    },
  };
}

/** Sends a job for each connection that is due and has none. One copy plans at a time. */
export async function planChecks(boss: PgBoss, minutes: number): Promise<void> {
  await db.$transaction(
    async (tx) => {
      if (!(await tryLock(tx, "background-plan"))) return;
      const due = await tx.$queryRaw<Row[]>`
        ${dueConnections(minutes)} AND NOT EXISTS (
          SELECT 1 FROM pgboss.job j WHERE j.name = ${checkQueue.name} AND j.singleton_key = c.id
            AND j.state IN ('created', 'retry', 'active'))
        ORDER BY newest."checkedAt" NULLS FIRST LIMIT ${mostPerPlan}`;
      for (const { id } of due) {
        const startAfter = Math.ceil(Math.random() * jitterSeconds);
        await boss.send(checkQueue.name, { connectionId: id }, { singletonKey: id, startAfter });
      }
    },
    { timeout: 60_000 },
  );
}

/**
 * Checks a connection if it is still due, nobody else checks it and no other background check is at one of its places.
 * The locks end with the process, so that one that was killed leaves a connection that is due.
 */
export async function checkInBackground(
  runPrepared: PreparedRuns,
  connectionId: string,
  minutes: number,
): Promise<void> {
  await db.$transaction(
    async (tx) => {
      if (!(await tryLock(tx, `background-check:${connectionId}`))) return;
      const [row] = await tx.$queryRaw<Row[]>`${dueConnections(minutes)} AND c.id = ${connectionId}`;
      const scope = row && (await authorizeBackground(row.fabricId));
      if (!row || !scope) return;
      const outcome = await check(tx, runPrepared, scope, row).catch(() => notTried("unexpected"));
      if (outcome !== null) await recordOutcome(scope, row, outcome);
    },
    { timeout: longestCheckMs, maxWait: 10_000 },
  );
}

/** How it ended, and which version of each secret was tried. */
type Outcome = { result: CheckResult; versions: Record<string, number> };

function notTried(code: CheckCode): Outcome {
  return { result: { type: "result", ok: false, code, step: "name", ms: 0 }, versions: {} };
}

/** The result; null when a place is busy, or when the result is on record already. */
async function check(
  tx: Tx,
  runPrepared: PreparedRuns,
  scope: Scope<"connection:check">,
  { id, name, kind }: Row,
): Promise<Outcome | null> {
  const { properties, secrets } = await tx.connection.findUniqueOrThrow({
    where: { id },
    select: { properties: true, secrets: { select: { field: true, secretId: true } } },
  });
  const references = Object.fromEntries(secrets.map(({ field, secretId }) => [field, secretId]));
  const prepared = await prepareCheck(scope, kind, { ...(properties as Prisma.JsonObject), ...references });
  if (!prepared.ok) return notTried(prepared.code);
  const judgement = await judgeDestinations(scope, prepared.value, false);
  if (judgement.state !== "allowed") return notTried("destination_not_allowed");
  const places = prepared.value.destinations.map((place) => destinationKey(place).replace(/\?.*$/, ""));
  for (const place of new Set(places)) if (!(await tryLock(tx, `background-place:${place}`))) return null;
  const { result, isShared } = await runPrepared({
    scope,
    connection: name,
    prepared: prepared.value,
    tell: () => {},
    signal: AbortSignal.timeout(longestCheckMs - 10_000),
  });
  return isShared ? null : { result, versions: versionsOf(prepared.value) };
}

/** Activity is told when the status changes, not of every check; each use of a secret is on record by itself. */
async function recordOutcome(
  scope: Scope<"connection:check">,
  { id, name, configHash }: Row,
  { result, versions }: Outcome,
): Promise<void> {
  if (!result.ok && notRecorded.includes(result.code)) return;
  const { fabricId, teamId, actor } = scope;
  const saysStatus = result.ok || !codesBesideStatus.includes(result.code);
  await db.$transaction(async (tx) => {
    const before = await tx.connectionCheck.findFirst({
      where: { fabricId, configHash, OR: [{ code: null }, { code: { notIn: [...codesBesideStatus] } }] },
      orderBy: { checkedAt: "desc" },
      select: { ok: true },
    });
    await keepResult(tx, scope, configHash, result, versions);
    if (!saysStatus || (before?.ok ?? true) === result.ok) return;
    await record(tx, {
      actor,
      teamId,
      fabricId,
      action: "connection.status",
      object: { kind: "connection", id, name },
      details: { ok: result.ok, tookMs: result.ms, ...failureOf(result) },
    });
  });
}

async function tryLock(tx: Tx, key: string): Promise<boolean> {
  const [answer] = await tx.$queryRaw<{ held: boolean }[]>`
    SELECT pg_try_advisory_xact_lock(hashtextextended(${key}, 0)) AS held`;
  return answer?.held ?? false;
}

/**
 * Connections to be checked now. A failing one is checked again after 30 seconds, then after twice as long each time, up
 * to six hours. One that nobody checked, edited or used for a week rests, until somebody does.
 */
function dueConnections(minutes: number): Prisma.Sql {
  return Prisma.sql`
    SELECT c.id, c.name, c.kind, c."fabricId", c."configHash" FROM connection c
    LEFT JOIN LATERAL (
      SELECT ok, code, "checkedAt", versions FROM connection_check k
      WHERE k."fabricId" = c."fabricId" AND k."configHash" = c."configHash"
      ORDER BY "checkedAt" DESC LIMIT 1
    ) newest ON true
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE NOT "hasPassed") AS count FROM (
        SELECT bool_or(ok) OVER (ORDER BY "checkedAt" DESC) AS "hasPassed" FROM (
          SELECT ok, "checkedAt" FROM connection_check k
          WHERE k."fabricId" = c."fabricId" AND k."configHash" = c."configHash"
          ORDER BY "checkedAt" DESC LIMIT 12
        ) recent
      ) since
    ) failures
    CROSS JOIN LATERAL (
      SELECT max(v."createdAt") AS at, bool_or(v.version > (newest.versions->>v."secretId")::int) AS "isUntried"
      FROM connection_secret s
      JOIN secret_version v ON v."secretId" = s."secretId" WHERE s."connectionId" = c.id
    ) entered
    WHERE (
      newest."checkedAt" IS NULL OR entered.at > newest."checkedAt" OR entered."isUntried"
      OR newest."checkedAt" + CASE
        WHEN newest.ok THEN make_interval(mins => ${minutes}::int)
        WHEN newest.code = ANY(${[...onceADay]}::text[]) THEN interval '24 hours'
        ELSE least(interval '30 seconds' * power(2, failures.count - 1), interval '6 hours')
      END <= now()
    ) AND ${isInUse()}`;
}
