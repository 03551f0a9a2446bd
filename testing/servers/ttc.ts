/* The TTC encodings that one sign-in and one query need, as node-oracledb's thin mode reads and writes
   them. */

/** An unsigned integer: the number of bytes, then the bytes. */
export function unsigned(value: number): Buffer {
  const digits = value.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
  return value === 0 ? Buffer.from([0]) : Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Bytes after their length. */
export function sized(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Sign-in parameters: each a name, a value, and a flag. */
export function parameters(pairs: readonly [string, string, number?][]): Buffer {
  const parts = pairs.flatMap(([name, value, flag = 0]) => [
    unsigned(name.length),
    sized(name),
    unsigned(value.length),
    sized(value),
    unsigned(flag),
  ]);
  return Buffer.concat([Buffer.from([8]), unsigned(pairs.length), ...parts, status]);
}

/** The end of a call. */
export const status = Buffer.from([9, 0, 0]);

/** The end of a call with an error: unused fields, the error number, the row count, the text. */
export function failure(number: number, text: string, rows = 0): Buffer {
  return Buffer.concat([Buffer.from([4]), Buffer.alloc(28), unsigned(number), unsigned(rows), sized(text)]);
}

const noMoreRows = 1403;

/** The answer to SELECT 1 FROM DUAL: a NUMBER column named "1", its one row, and the end of the rows. */
export const oneRow: Buffer = Buffer.concat([
  Buffer.from([16, 0, 1, 22, 1, 1, 0]),
  // Type, flags, precision, scale, size; elements, flags, object, version, character set and its form, size,
  // column.
  Buffer.from([2, 0, 0, 0x81, 1, 22, 0, 0, 0, 0, 0, 0, 1, 22, 0]),
  // Nullable; the name with two lengths; no schema, no type, its position, no flags.
  Buffer.from([1, 1, 1, 1]),
  sized("1"),
  Buffer.from([0, 0, 0, 0]),
  Buffer.alloc(6),
  Buffer.from([6, 0, 0, 0, 0, 0, 0, 0]),
  Buffer.from([7, 2, 0xc1, 2]),
  failure(noMoreRows, "ORA-01403: no data found", 1),
]);

/** Reads a sign-in call: the user and the key-value pairs. */
export function readSignIn(call: Buffer): { user: string; values: Map<string, string> } {
  let at = 3;
  const byte = () => call[at++] ?? 0;
  const number = () => {
    const length = byte();
    at += length;
    return length === 0 ? 0 : call.readUIntBE(at - length, length);
  };
  const text = () => {
    const length = byte();
    at += length;
    return call.toString("utf8", at - length, at);
  };
  byte();
  number();
  number();
  byte();
  const pairs = number();
  at += 2;
  const user = text();
  const values = new Map<string, string>();
  for (let left = pairs; left > 0; left -= 1) {
    number();
    const name = text();
    values.set(name, number() === 0 ? "" : text());
    number();
  }
  return { user, values };
}
