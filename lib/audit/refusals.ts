import "server-only";
import { recordBatched } from "@/lib/audit/batched-writer";
import type { AuditEntry } from "@/lib/audit/record";
import { log } from "@/lib/log";
import { processState } from "@/lib/process-state";

const hourMs = 60 * 60_000;
/**
 * The first refusal is written this long after its answer, so that the answer's timing does not reveal the
 * refusal.
 */
const firstAfterMs = 250;
/** Refusals of one person that get their own line in an hour; the rest share one count. */
const maxLines = 10;
/** People whose refusals this copy counts separately. All others share one count. */
const maxPeople = 2_000;

type Line = { entry: AuditEntry; count: number };
type Person = { since: number; lines: Map<string, Line> };
type State = {
  people: Map<string, Person>;
  first: AuditEntry[];
  writing?: Promise<unknown>;
  timer?: NodeJS.Timeout | undefined;
  hourly?: NodeJS.Timeout | undefined;
};

const shared = processState<{ refusals: State }>();

function state(): State {
  shared.refusals ??= { people: new Map(), first: [] };
  return shared.refusals;
}

/**
 * Counts a refusal about `person`, an id from the database and never text from a request.
 * The first refusal of a `key` in an hour is recorded at once. The others become one event with a count when
 * the hour ends, so that an attacker cannot fill the audit log.
 * One copy of a program writes at most two events per key and hour, for at most 10 keys a person.
 */
export function noteRefusal(person: string, key: string, entry: AuditEntry): void {
  const { people, first } = state();
  const counted = people.size < maxPeople || people.has(person) ? person : "others";
  const counter = people.get(counted) ?? { since: Date.now(), lines: new Map<string, Line>() };
  people.set(counted, counter);
  const isOwnLine = counted === person && (counter.lines.has(key) || counter.lines.size < maxLines);
  const line = counter.lines.get(isOwnLine ? key : "");
  if (line) line.count += 1;
  else {
    counter.lines.set(isOwnLine ? key : "", { entry: isOwnLine ? entry : summary(entry, counted), count: 0 });
    first.push(isOwnLine ? entry : summary(entry, counted));
  }
  schedule();
}

/** Stands for refusals beyond the separate lines: says that there were more, but not which. */
function summary(entry: AuditEntry, person: string): AuditEntry {
  const { code: _code, permission: _permission, source: _source, ...details } = entry.details ?? {};
  if (person !== "others") return { ...entry, details: { ...details, code: "more" } };
  const unnamed = { kind: entry.object.kind, id: "", name: "" };
  return { ...entry, actor: web, teamId: null, fabricId: null, object: unnamed, details: { code: "more" } };
}

/** The actor of events that no known person caused. */
export const web = { kind: "system", id: "web", name: "Selvage" } as const;

function schedule(): void {
  const now = state();
  now.timer ??= setTimeout(() => void flushRefusals(false), firstAfterMs).unref();
  now.hourly ??= setInterval(() => void flushRefusals(false), hourMs / 60).unref();
}

/**
 * Records new first refusals and the counts of finished hours; with `all`, also of unfinished hours, for
 * shutdown. Waits for earlier calls.
 * If the database fails, the events are lost and the program continues: a refusal hands out no value.
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
