/** Overwrites the bytes in what somebody sent, once they are sealed. Texts cannot be: JavaScript has no way to. */
export function wipeBytes(value: unknown): void {
  if (value instanceof Uint8Array) value.fill(0);
  else if (typeof value === "object" && value !== null)
    for (const member of Object.values(value)) wipeBytes(member);
}
