/**
 * True when the request has no If-Match header, or one of its entity tags equals `tag` (RFC 9110 §13.1.1,
 * strong comparison).
 * Splitting at commas is safe: Selvage's tags contain none.
 */
export function ifMatchSatisfied(ifMatch: string | undefined, tag: string): boolean {
  return ifMatch === undefined || ifMatch.split(",").some((one) => one.trim() === tag);
}
