/** The place of one sealed field. A sealed value opens in this place and in no other. */
export type SealContext = {
  readonly fabricId: string;
  readonly secretId: string;
  readonly subKind: string;
  readonly field: string;
  /** The version of the secret in which the field was set. */
  readonly version: number;
};

/** The `ctx` header of a sealed value. Ids and names hold no slash, so that two places never read alike. */
export function contextHeader({ fabricId, secretId, subKind, field, version }: SealContext): string {
  const parts = [fabricId, secretId, subKind, field, String(version)];
  if (parts.some((part) => !/^[A-Za-z0-9_-]+$/.test(part)))
    throw new Error("A part of a seal context is malformed.");
  return `v1/${parts.join("/")}`;
}
