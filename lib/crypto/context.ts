/**
 * The context that a sealed field is bound to. A sealed value opens only in this context: an attacker who
 * writes to the database could otherwise move it to another secret or fabric, and have it opened there.
 */
export type SealContext = {
  readonly fabricId: string;
  readonly secretId: string;
  readonly subKind: string;
  readonly field: string;
  /** The version of the secret that last set the field. */
  readonly version: number;
};

/**
 * The `ctx` header of a sealed value. Ids and names contain no slash, so different contexts have different
 * headers.
 */
export function contextHeader({ fabricId, secretId, subKind, field, version }: SealContext): string {
  const parts = [fabricId, secretId, subKind, field, String(version)];
  if (parts.some((part) => !/^[A-Za-z0-9_-]+$/.test(part)))
    throw new Error("A part of a seal context is malformed.");
  return `v1/${parts.join("/")}`;
}
