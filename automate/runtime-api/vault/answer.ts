import { randomUUID } from "node:crypto";

/** The `auth` member of a login or token lookup. */
export type VaultAuth = Record<string, unknown>;

/** An answer of Vault's HTTP API, with its content in `data` or `auth`. */
export type VaultAnswer = {
  status?: number;
  data?: unknown;
  auth?: VaultAuth;
  more?: Record<string, unknown>;
};

/** A failure in Vault's error shape, `{"errors": []}`. Vault answers an unknown path with an empty list. */
export class VaultRefusal extends Error {
  override name = "VaultRefusal";

  constructor(
    readonly status: 400 | 403 | 404 | 405 | 409 | 413 | 429 | 500 | 502 | 503,
    readonly errors: readonly string[],
    /** For a deleted version, Vault answers 404 with `data`. */
    readonly data?: unknown,
  ) {
    super(errors[0] ?? "Path not found.");
  }
}

/** Wraps every answer that has a body. */
export function envelope({ data = null, auth, more = {} }: VaultAnswer) {
  return {
    request_id: randomUUID(),
    lease_id: "",
    renewable: false,
    lease_duration: 0,
    data,
    wrap_info: null,
    warnings: null,
    auth: auth ?? null,
    ...more,
  };
}

/** Vault's answer for everything that a token may not access, whether it exists or not. */
export function denied(): VaultRefusal {
  return new VaultRefusal(403, ["permission denied"]);
}
