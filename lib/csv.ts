/**
 * One line of CSV (RFC 4180) with its line end. A text that a spreadsheet would run as a formula gets an apostrophe
 * before it (OWASP, CSV Injection). Null and undefined are empty cells.
 */
export function csvLine(cells: readonly (string | number | boolean | null | undefined)[]): string {
  return `${cells.map(cellOf).join(",")}\r\n`;
}

/** What a spreadsheet may take for the start of a formula, which can send other cells to a stranger. */
const formula = /^[\t\r\n =+\-@＝＋－＠]/;

function cellOf(value: string | number | boolean | null | undefined): string {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = typeof value === "string" && formula.test(text) ? `'${text}` : text;
  return /[",\r\n;\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
