import type { Client } from "pg";
import { allowPresentDestinations } from "@/prisma/migrate/allow-present-destinations";
import { indexAccessTokens } from "@/prisma/migrate/index-access-tokens";
import { notePastReaders } from "@/prisma/migrate/note-past-readers";
import { notePastUses } from "@/prisma/migrate/note-past-uses";

/** Data changes that need more than SQL, in order. Each runs once. An interrupted one can run again. */
const steps: Readonly<Record<string, (owner: Client) => Promise<void>>> = {
  allow_present_destinations: allowPresentDestinations,
  note_past_readers: notePastReaders,
  note_past_uses: notePastUses,
  index_access_tokens: indexAccessTokens,
};

/**
 * Applies the steps that this database lacks, as its owner and under the migration lock. Returns their names.
 */
export async function applyDataSteps(owner: Client): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>("SELECT name FROM data_step");
  const applied = new Set(rows.map(({ name }) => name));
  const due = Object.entries(steps).filter(([name]) => !applied.has(name));
  for (const [name, run] of due) {
    await run(owner);
    await owner.query("INSERT INTO data_step (name) VALUES ($1)", [name]);
  }
  return due.map(([name]) => name);
}
