import { isWithinTwoEdits } from "@/automate/secrets/edit-distance";
import { preparedQuery } from "@/lib/db/prepared";

/** The most edits that count as a typing mistake. */
const maxEdits = 2;
const maxNameLength = 128;
/** The most names of one request that are compared. Others are recorded by their length. */
const maxNames = 20;
const maxCandidates = 500;

type NearbyName = { nameKey: string };

// Two edits, each at the border of two parts at most, leave at least one of five parts unchanged.
const nearby = (table: "secret_name" | "connection") =>
  preparedQuery<NearbyName>(
    `SELECT "nameKey" FROM (
       SELECT "nameKey", ${[4, 5, 6, 7, 8].map((n) => `(strpos("nameKey", $${n}) > 0)::int`).join(" + ")} AS matches
       FROM ${table} WHERE "fabricId" = $1 AND length("nameKey") BETWEEN $2 AND $3
     ) AS candidate WHERE matches > 0 ORDER BY matches DESC LIMIT ${maxCandidates}`,
  );
const findNearby = { secret: nearby("secret_name"), connection: nearby("connection") };

/** How a missing name is recorded: `name` as requested or empty, and its length in characters. */
export type RecordableName = { name: string; length: number };

/**
 * Decides which missing names the audit log may show.
 *
 * People sometimes paste a secret value where a name belongs, and the audit log must not store it. A
 * requested name is recorded only if it is within two edits of a name of the fabric: a typing mistake that an
 * Admin needs to see. Others are recorded by their length.
 */
export async function recordableNames(
  kind: "secret" | "connection",
  fabricId: string,
  requested: readonly string[],
): Promise<RecordableName[]> {
  const distinct = [...new Set(requested)].slice(0, maxNames);
  const near = new Set<string>();
  for (const name of distinct) if (await isNear(kind, fabricId, name)) near.add(name);
  return requested.map((name) => ({ name: near.has(name) ? name : "", length: [...name].length }));
}

async function isNear(kind: "secret" | "connection", fabricId: string, name: string): Promise<boolean> {
  const key = name.toLowerCase();
  const { length } = [...key];
  if (length === 0 || length > maxNameLength + maxEdits) return false;
  // A name cannot contain control characters, and Postgres cannot store malformed text.
  if (/\p{Cc}/u.test(key) || !key.isWellFormed()) return false;
  const budget = budgetOf(fabricId);
  if (budget.leftMs <= 0 || budget.running >= maxConcurrent) return false;
  budget.running += 1;
  const startedAt = performance.now();
  const candidates = await findNearby[kind](
    fabricId,
    length - maxEdits,
    length + maxEdits,
    ...partsOf(key),
  ).finally(() => {
    budget.running -= 1;
    budget.leftMs -= performance.now() - startedAt;
  });
  return candidates.some(({ nameKey }) => isWithinTwoEdits(key, nameKey));
}

/** Returns five parts of a name. A short name has empty parts, which match every name. */
function partsOf(name: string): string[] {
  const letters = [...name];
  const at = (n: number) => Math.round((letters.length * n) / 5);
  return [0, 1, 2, 3, 4].map((n) => letters.slice(at(n), at(n + 1)).join(""));
}

/**
 * Limits the time of these searches for each fabric. Otherwise a token that requests missing names could keep
 * a fabric of 100,000 names busy all day.
 */
const maxBudgetMs = 1_000;
const refillPerMs = 0.1;
const maxConcurrent = 4;
const maxBudgets = 10_000;
type Budget = { leftMs: number; updatedAt: number; running: number };
const budgets = new Map<string, Budget>();

function budgetOf(fabricId: string): Budget {
  const now = performance.now();
  const cached = budgets.get(fabricId);
  if (!cached && budgets.size >= maxBudgets) budgets.clear();
  const budget = cached ?? { leftMs: maxBudgetMs, updatedAt: now, running: 0 };
  budget.leftMs = Math.min(maxBudgetMs, budget.leftMs + (now - budget.updatedAt) * refillPerMs);
  budget.updatedAt = now;
  budgets.set(fabricId, budget);
  return budget;
}
