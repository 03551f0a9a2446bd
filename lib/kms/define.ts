/** The kinds of key service. Each is one file in `lib/kms/providers/`. */
export type ProviderName = "local" | "pkcs11" | "aws" | "transit" | "azure" | "google";

/** The fabric and key id of a wrapped key. A provider binds them to the wrapped key where its service can. */
export type KeyContext = { readonly fabricId: string; readonly kid: string };

/**
 * - `enabled`: the key wraps and unwraps.
 * - `disabled`: the key is there, but switched off or scheduled for deletion.
 * - `denied`: the service does not let automate use the key.
 * - `missing`: the service has no such key.
 * - `unavailable`: the service does not answer, is overloaded, or answers with garbage.
 */
export type MasterKeyState = "enabled" | "disabled" | "denied" | "missing" | "unavailable";

export type MasterKeyDescription = {
  provider: ProviderName;
  keyId: string;
  fingerprint: string;
  state: MasterKeyState;
};

/**
 * A key in a key service, which wraps the private keys of fabrics. It never leaves its service. All methods but
 * `describe` throw `KeyServiceFault` when the service or the key is not usable.
 *
 * A provider calls its service once for each method. The keyring bounds the time, retries, and stops calling a
 * service that fails. When `signal` aborts, a provider ends its request.
 */
export type MasterKey = {
  readonly provider: ProviderName;
  /** The key's name in its service, such as an ARN or a file. */
  readonly keyId: string;
  /**
   * Names the key for ever: 16 characters of base64url, stored with each wrapped key. Known without calling the
   * service, so that a service that is down at start stops nothing.
   */
  readonly fingerprint: string;
  /** Wraps a 32-byte key. Returns opaque text. */
  wrap(key: Uint8Array, context: KeyContext, signal?: AbortSignal): Promise<string>;
  /** Returns the original key. Throws `CannotUnwrap` unless this key wrapped it for this context. */
  unwrap(wrapped: string, context: KeyContext, signal?: AbortSignal): Promise<Uint8Array>;
  /** Asks the service for the state of the key. Never throws for a state that it can tell. */
  describe(signal?: AbortSignal): Promise<MasterKeyDescription>;
  /** Closes connections and sessions. */
  close?(): Promise<void>;
};

/** The settings of a key are wrong. The message says which and what to do. Automate does not start. */
export class BadMasterKey extends Error {
  override name = "BadMasterKey";
}

/** A key service or its key is not usable. Only `unavailable` is worth a retry. The message has no secret. */
export class KeyServiceFault extends Error {
  override name = "KeyServiceFault";
  /** How long the service asked to wait, if it did. */
  readonly retryAfterMs: number | undefined;
  constructor(
    readonly state: Exclude<MasterKeyState, "enabled">,
    message: string,
    options: ErrorOptions & { retryAfterMs?: number } = {},
  ) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Another key wrapped this, it was wrapped for something else, or it was changed. */
export class CannotUnwrap extends Error {
  override name = "CannotUnwrap";
}

/** The text that a provider binds to a wrapped key. */
export function contextText({ fabricId, kid }: KeyContext): string {
  return `${fabricId}/${kid}`;
}
