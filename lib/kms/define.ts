/** A key management service: wraps one-time keys with a master key that never leaves it. */
export type Kms = {
  /** Which master key this is: stored beside what it wrapped, so that a wrong one is named at boot. */
  readonly masterKeyId: string;
  /** Wraps a 32-byte key. The answer is opaque text. */
  wrap(key: Uint8Array): Promise<string>;
  /** The key that was wrapped. Throws for anything that this master key did not wrap. */
  unwrap(wrapped: string): Promise<Uint8Array>;
};
