/** Returns the nearest valid name, or an empty string. */
export function suggestName(name: string): string {
  return name
    .slice(0, 1000)
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .trim()
    .replace(/[^A-Za-z0-9_.-]+/g, "_")
    .replace(/^[^A-Za-z0-9]+|_+$/g, "")
    .slice(0, 128);
}
