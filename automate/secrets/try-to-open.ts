import { setImmediate as nextTurn } from "node:timers/promises";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import type { DrillKey, OpeningOutcome } from "@/lib/backups/schema";
import { open } from "@/lib/crypto/open";
import { KeyServiceFault } from "@/lib/kms/define";

/**
 * Tries whether stored or restored values open, each at its place, for a drill or `keys verify`. No value leaves this function: it returns
 * for each only the outcome, and overwrites what it opened. The caller commits the audit event first.
 */
export async function tryToOpen(keys: FabricKeys, { key, fields }: DrillKey): Promise<OpeningOutcome[]> {
  const opening = await keys.unwrapRestored(key).catch(outcomeOf);
  if (typeof opening === "string") return fields.map(() => opening);
  const outcomes: OpeningOutcome[] = [];
  for (const { sealed, ...place } of fields) {
    outcomes.push(outcomeOfOne(sealed, opening, { fabricId: key.fabricId, ...place }));
    // Requests share the process.
    await nextTurn();
  }
  return outcomes;
}

function outcomeOfOne(...value: Parameters<typeof open>): "opened" | "does_not_open" {
  try {
    open(...value).wipe();
    return "opened";
  } catch {
    return "does_not_open";
  }
}

function outcomeOf(error: unknown): Exclude<OpeningOutcome, "opened"> {
  if (!(error instanceof KeyServiceFault)) return "does_not_open";
  return error.state === "missing" ? "missing_key" : "key_unavailable";
}
