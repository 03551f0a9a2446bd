import { randomUUID } from "node:crypto";
import type { Credential } from "@/automate/runtime-api/authenticate";
import type { Caller } from "@/automate/secrets/read-secret";
import type { LaterPages } from "@/lib/paged-answer";

/** The `auth` member of a login or token lookup. */
export type VaultAuth = Record<string, unknown>;

/**
 * An answer of Vault's HTTP API, with its content in `data` or `auth`. Vault repeats the content of some system
 * paths next to the envelope's members (`more`), and answers others without an envelope (`bare`). `laterKeys` are the
 * later pages of a list whose first page is `data.keys`: automate loads and sends one at a time.
 */
export type VaultAnswer =
  | { data?: unknown; auth?: VaultAuth; more?: Record<string, unknown>; laterKeys?: LaterKeys }
  | { bare: Record<string, unknown> };

export type LaterKeys = { pages: LaterPages; caller: Caller & { credential: Credential } };

/** A failure in Vault's error shape, `{"errors": []}`. Vault answers an unknown path with an empty list. */
export class VaultRefusal extends Error {
  override name = "VaultRefusal";

  constructor(
    readonly status: 400 | 403 | 404 | 405 | 413 | 429 | 500 | 502 | 503,
    readonly errors: readonly string[],
    /** For a deleted version, Vault answers 404 with `data`. */
    readonly data?: unknown,
  ) {
    super(errors[0] ?? "Path not found.");
  }
}

/** Returns the body of an answer. */
export function bodyOf(answer: VaultAnswer) {
  if ("bare" in answer) return answer.bare;
  const { data = null, auth, more = {} } = answer;
  return {
    ...more,
    request_id: randomUUID(),
    lease_id: "",
    renewable: false,
    lease_duration: 0,
    data,
    wrap_info: null,
    warnings: null,
    auth: auth ?? null,
  };
}

/** Vault's answer for everything that a token may not access, whether it exists or not. */
export function denied(): VaultRefusal {
  return new VaultRefusal(403, ["permission denied"]);
}

/** Vault's answer for a path that no mount serves. */
export function noHandler(path: string): VaultRefusal {
  return new VaultRefusal(404, [`no handler for route "${path}". route entry not found.`]);
}
