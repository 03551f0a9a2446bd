import { suggestName } from "@/lib/suggest-name";

/** A fabric's id and name. A client of the runtime API may refer to a fabric by either. */
export type CalledFabric = { id: string; name: string };

/**
 * True when `given` refers to this fabric, ignoring case: by its id, its name, or the name that `suggestName`
 * makes of it.
 * A UUID matches ids only. Otherwise another team could capture requests by naming its fabric with this
 * fabric's id.
 */
export function isCalled({ id, name }: CalledFabric, given: string): boolean {
  const called = given.toLowerCase();
  if (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(called)) return id.toLowerCase() === called;
  return called !== "" && [id, name, suggestName(name)].some((one) => one.toLowerCase() === called);
}
