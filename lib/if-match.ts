/**
 * Whether what an If-Match header asks for is met by the state that has this entity tag (RFC 9110 §13.1.1): one of a list, compared
 * strongly. Tags of ours hold no comma.
 */
export function ifMatchSatisfied(ifMatch: string | undefined, tag: string): boolean {
  return ifMatch === undefined || ifMatch.split(",").some((one) => one.trim() === tag);
}
