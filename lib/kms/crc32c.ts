/** CRC-32C (Castagnoli, RFC 3720 §B.4), reversed. `node:zlib` has only the checksum of gzip. */
const polynomial = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1;
  return rest;
});

/** Returns the checksum as a decimal, as Google's JSON writes a 64-bit number. */
export function crc32c(bytes: Uint8Array): string {
  let rest = 0xffffffff;
  for (const byte of bytes) rest = (rest >>> 8) ^ (table[(rest ^ byte) & 0xff] ?? 0);
  return String((rest ^ 0xffffffff) >>> 0);
}
