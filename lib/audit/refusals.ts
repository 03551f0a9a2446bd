import "server-only";
import { recordBatched } from "@/lib/audit/batched-writer";
import type { AuditEntry } from "@/lib/audit/record";
import { log } from "@/lib/log";

const hourMs = 60 * 60_000;
/** The first refusal is written apart from its answer, whose time says nothing of whether there was one. */
const firstAfterMs = 250;
/** What one person can be refused in an hour that has lines of its own; the rest is one number. */
const mostLines = 10;
/** People whose refusals are counted at a time in this copy. Beyond them nothing but a number of all is kept. */
const mostPeople = 2_000;

type Line = { entry: AuditEntry; count: number };
type Person = { since: number; lines: Map<string, Line> };
type State = {
  people: Map<string, Person>;
  first: AuditEntry[];
  writing?: Promise<unknown>;
  timer?: NodeJS.Timeout | undefined;
  hourly?: NodeJS.Timeout | undefined;
};

// One for the process: Next loads this module once per bundle, and the management API beside it once more.
const shared = globalThis as typeof globalThis & { selvageRefusals?: State };

function state(): State {
  shared.selvageRefusals ??= { people: new Map(), first: [] };
  return shared.selvageRefusals;
}

/**
 * Counts a refusal about `person`, an id of ours and never a string that a stranger chose. The first of a `key` in an hour is
 * recorded at once, the others when the hour ends, as one event with their count: nobody fills the audit log by being refused.
 * A copy of a program writes two events at most for each key and hour, and of no more than 10 keys a person.
 */
export function noteRefusal(person: string, key: string, entry: AuditEntry): void {
  const { people, first } = state();
  const counted = people.size < mostPeople || people.has(person) ? person : "others";
  const known = people.get(counted) ?? { since: Date.now(), lines: new Map<string, Line>() };
  people.set(counted, known);
  const isOwnLine = counted === person && (known.lines.has(key) || known.lines.size < mostLines);
  const line = known.lines.get(isOwnLine ? key : "");
  if (line) line.count += 1;
  else {
    known.lines.set(isOwnLine ? key : "", { entry: isOwnLine ? entry : summary(entry, counted), count: 0 });
    first.push(isOwnLine ? entry : summary(entry, counted));
  }
  schedule();
}

/** Beyond the lines of their own: that more was refused, and no longer what. */
function summary(entry: AuditEntry, person: string): AuditEntry {
  const { code: _code, permission: _permission, source: _source, ...details } = entry.details ?? {};
  if (person !== "others") return { ...entry, details: { ...details, code: "more" } };
  const unnamed = { kind: entry.object.kind, id: "", name: "" };
  return { ...entry, actor: web, teamId: null, fabricId: null, object: unnamed, details: { code: "more" } };
}

/** Who records what nobody who is known did. */
export const web = { kind: "system", id: "web", name: "Selvage" } as const;

function schedule(): void {
  const now = state();
  now.timer ??= setTimeout(() => void flushRefusals(false), firstAfterMs).unref();
  now.hourly ??= setInterval(() => void flushRefusals(false), hourMs / 60).unref();
}

/**
 * Records the first ones, and the counts of every hour that is over; with `all` those too of hours that go on, as when the program
 * stops. Waits for what an earlier call is writing, too. What the database does not take is lost, and the program goes on: a
 * refusal hands nothing out.
 */
export async function flushRefusals(all = true): Promise<void> {
  const now = state();
  clearTimeout(now.timer);
  now.timer = undefined;
  const entries = now.first;
  now.first = [];
  for (const [person, { since, lines }] of now.people) {
    if (!all && Date.now() - since < hourMs) continue;
    now.people.delete(person);
    for (const { entry, count } of lines.values())
      if (count > 0) entries.push({ ...entry, details: { ...entry.details, count, within: "hour" } });
  }
  now.writing = Promise.all([now.writing, write(entries)]);
  await now.writing;
}

async function write(entries: readonly AuditEntry[]): Promise<void> {
  const outcomes = await Promise.allSettled(entries.map((entry) => recordBatched(entry)));
  if (outcomes.some(({ status }) => status === "rejected")) log("error", "refusals could not be recorded");
}
