import { suggestName } from "@/lib/suggest-name";

/** A fabric's id and name. A client of the runtime API may refer to a fabric by either. */
export type FabricReference = { id: string; name: string };

/**
 * True when `reference` refers to this fabric, ignoring case: by its id, its name, or the name that `suggestName`
 * makes of it.
 * A UUID matches ids only. Otherwise another team could capture requests by naming its fabric with this
 * fabric's id.
 */
export function matchesFabric({ id, name }: FabricReference, reference: string): boolean {
  const lowered = reference.toLowerCase();
  if (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(lowered)) return id.toLowerCase() === lowered;
  return lowered !== "" && [id, name, suggestName(name)].some((one) => one.toLowerCase() === lowered);
}
