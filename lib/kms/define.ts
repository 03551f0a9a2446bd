/** A key management service. It wraps keys with a master key that never leaves it. */
export type Kms = {
  /**
   * Identifies the master key. Stored with each wrapped key, so that a program can report a wrong master key
   * at boot.
   */
  readonly masterKeyId: string;
  /** Wraps a 32-byte key. Returns opaque text. */
  wrap(key: Uint8Array): Promise<string>;
  /** Returns the original key. Throws unless this master key wrapped it. */
  unwrap(wrapped: string): Promise<Uint8Array>;
};
