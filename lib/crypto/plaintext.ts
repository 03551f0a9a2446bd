import { inspect } from "node:util";

/**
 * An opened value, protected from being printed, serialized, compared or passed to a client component by
 * accident.
 * The bytes are in a private field and `toJSON` throws. Only the `reveal` methods return the value.
 */
export class Plaintext {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The value's bytes, exactly as entered. */
  revealBytes(): Uint8Array {
    return this.#bytes;
  }

  /** The value as text. Throws if the bytes are not UTF-8. */
  revealText(): string {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.#bytes);
  }

  /** Overwrites the bytes. Call it when the value is no longer needed. */
  wipe(): void {
    this.#bytes.fill(0);
  }

  toString(): string {
    return "[sealed]";
  }

  toJSON(): never {
    throw new Error("An opened value is not serializable.");
  }

  [inspect.custom](): string {
    return "[sealed]";
  }
}
