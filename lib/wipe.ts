/** Overwrites all bytes in a request's input after they are sealed. JavaScript cannot overwrite strings. */
export function wipeBytes(value: unknown): void {
  if (value instanceof Uint8Array) value.fill(0);
  else if (typeof value === "object" && value !== null)
    for (const member of Object.values(value)) wipeBytes(member);
}
