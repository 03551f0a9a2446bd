import { suggestName } from "@/lib/suggest-name";

/** What a client of the runtime may call a fabric by. */
export type CalledFabric = { id: string; name: string };

/**
 * True when a client means this fabric: by its id, by its name, or by its name as one word, whatever their case. What looks like
 * an id is one: another team can name a fabric by the id of this one.
 */
export function isCalled({ id, name }: CalledFabric, given: string): boolean {
  const called = given.toLowerCase();
  if (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(called)) return id.toLowerCase() === called;
  return called !== "" && [id, name, suggestName(name)].some((one) => one.toLowerCase() === called);
}
