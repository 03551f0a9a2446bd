import { inspect } from "node:util";

/**
 * An opened value. It cannot be printed, serialized, compared or handed to a client component by accident:
 * the bytes sit in a private field and `toJSON` throws. Whoever needs them says `reveal`.
 */
export class Plaintext {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The value's bytes, exactly as they were entered. */
  revealBytes(): Uint8Array {
    return this.#bytes;
  }

  /** The value as text. Throws for bytes that are not UTF-8. */
  revealText(): string {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.#bytes);
  }

  /** Overwrites the bytes, for whoever is done with them. */
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
