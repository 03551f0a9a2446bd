import "server-only";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { probeRecording } from "@/lib/audit/batched-writer";
import { record } from "@/lib/audit/record";
import { db } from "@/lib/db/client";
import { sqlStateOf } from "@/lib/db/errors";
import { preparedQuery } from "@/lib/db/prepared";
import { neededRights, type Program } from "@/lib/db/rights";
import { outageSeenSince } from "@/lib/outages";
import { isOlder, programVersion } from "@/lib/program-version";

/** Why a copy cannot serve; null when it can. */
export type Unready = "database_slow" | "database_unavailable" | "rights_missing" | "program_too_old" | null;

// The logical message has no reader. Writing it makes the probe commit without needing a table.
const probe = preparedQuery<{ lacking: string | null; minimum: string }>(
  `SELECT (SELECT string_agg("right" || ' on ' || "table", ', ')
           FROM jsonb_to_recordset($1::jsonb) AS need("right" text, "table" text, "column" text)
           WHERE NOT CASE WHEN "column" IS NULL THEN has_table_privilege("table", "right")
             ELSE has_column_privilege("table", "column", "right") END) AS lacking,
     (SELECT "minimumProgramVersion" FROM schema_info) AS minimum,
     pg_logical_emit_message(true, 'selvage', 'ready')::text AS written`,
);

const probeEveryMs = 1_000;
/** A load balancer expects the answer within this time, in milliseconds. */
const withinMs = 2_000;

/**
 * Checks whether this copy can serve, with the connections, statements and rights of requests, and with a
 * commit. Queries Postgres at most once a second.
 * After a request met an outage, it also writes a row and rolls it back: a disk can be too full for rows but
 * not for the probe.
 */
export function createReadiness(program: Program, report: (message: string) => void): () => Promise<Unready> {
  let cached: { at: number; answer: Promise<Unready> } | undefined;
  let reported: Unready = null;
  let isSuspect = false;
  let probedAt = performance.now();
  let slow = 0;

  async function refresh(): Promise<Unready> {
    const startedAt = performance.now();
    isSuspect ||= outageSeenSince(probedAt);
    const probing = probeDatabase(program, isSuspect).catch(probeFailure);
    const { code, more = "" } = await Promise.race([
      probing,
      // Twice may be a busy moment. The load balancer sends no new requests, but this copy still serves those
      // that arrive.
      sleep(withinMs, { code: slow < 2 ? "database_slow" : "database_unavailable" } as Probed, {
        ref: false,
      }),
    ]);
    slow = code === "database_slow" || (slow > 0 && code === "database_unavailable") ? slow + 1 : 0;
    isSuspect = code !== null;
    probedAt = startedAt;
    if (code !== reported) report(code === null ? "Ready again." : `Not ready: ${code}${more}.`);
    reported = code;
    return code;
  }

  return () => {
    if (!cached || performance.now() - cached.at > probeEveryMs)
      cached = { at: performance.now(), answer: refresh() };
    return cached.answer;
  };
}

type Probed = { code: Unready; more?: string };

async function probeDatabase(program: Program, isSuspect: boolean): Promise<Probed> {
  const [, [schema]] = await Promise.all([probeRecording(), probe(JSON.stringify(neededRights[program]))]);
  if (!schema) return { code: "database_unavailable" };
  if (isOlder(programVersion, schema.minimum))
    return {
      code: "program_too_old",
      more: ` (this is ${programVersion}, the schema needs ${schema.minimum})`,
    };
  if (schema.lacking) return { code: "rights_missing", more: ` (${schema.lacking}): run npm run migrate` };
  if (isSuspect) await writeAndRollBack();
  return { code: null };
}

/** An older `npm run migrate` does not know `schema_info` and revokes the right to read it. */
function probeFailure(error: unknown): Probed {
  return sqlStateOf(error) === "42501"
    ? { code: "rights_missing", more: ": run npm run migrate" }
    : { code: "database_unavailable" };
}

class RolledBack extends Error {}

/** Writes an event large enough to need disk space, in a transaction that it rolls back. */
async function writeAndRollBack(): Promise<void> {
  const actor = { kind: "system" as const, id: "", name: "" };
  const object = { kind: "fabric" as const, id: "", name: randomBytes(16_384).toString("base64") };
  await db
    .$transaction(async (tx) => {
      await record(tx, { actor, teamId: null, fabricId: null, action: "fabric.update", object });
      throw new RolledBack();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
}
