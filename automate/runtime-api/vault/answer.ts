import { randomUUID } from "node:crypto";

/** What a login or a look at a token says of it. */
export type VaultAuth = Record<string, unknown>;

/** An answer of Vault's HTTP API: what was asked for in `data` or `auth`. */
export type VaultAnswer = {
  status?: number;
  data?: unknown;
  auth?: VaultAuth;
  more?: Record<string, unknown>;
};

/** A failure in Vault's error shape, `{"errors": []}`. An empty list is what it says of a path that there is not. */
export class VaultRefusal extends Error {
  override name = "VaultRefusal";

  constructor(
    readonly status: 400 | 403 | 404 | 405 | 409 | 413 | 429 | 500 | 502 | 503,
    readonly errors: readonly string[],
    /** Vault tells a version that is gone in `data`, with a 404. */
    readonly data?: unknown,
  ) {
    super(errors[0] ?? "There is no such path.");
  }
}

/** The envelope of every answer that has a body. */
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

/** What Vault says of all that a token has no right to, there or not. */
export function denied(): VaultRefusal {
  return new VaultRefusal(403, ["permission denied"]);
}
