const maxEdits = 2;
const beyond = maxEdits + 1;

/**
 * True when at most two edits turn one text into the other. An edit adds, drops or changes a character, or
 * swaps two neighbours (Damerau–Levenshtein). Computes only the diagonal band of the table that can hold such
 * a result.
 */
export function isWithinTwoEdits(a: string, b: string): boolean {
  const [from, to] = [[...a], [...b]];
  if (Math.abs(from.length - to.length) > maxEdits) return false;
  // Row i holds the number of edits from the first i characters to the first j. Only the last four rows are
  // used.
  const rows: number[][] = [];
  const at = (i: number, j: number) => rows[i]?.[j] ?? beyond;
  for (let i = 0; i <= from.length; i += 1) {
    const row: number[] = [];
    rows[i] = row;
    if (i > 3) rows[i - 4] = [];
    let least = beyond;
    for (let j = Math.max(0, i - maxEdits); j <= Math.min(to.length, i + maxEdits); j += 1) {
      const [x, y] = [from[i - 1], to[j - 1]];
      let edits = i === 0 && j === 0 ? 0 : Math.min(at(i - 1, j), at(i, j - 1)) + 1;
      if (i > 0 && j > 0) {
        edits = Math.min(edits, at(i - 1, j - 1) + (x === y ? 0 : 1));
        if (x === to[j - 2] && y === from[i - 2]) edits = Math.min(edits, at(i - 2, j - 2) + 1);
        // A swap with one character dropped or added in between.
        if (x === to[j - 2] && y === from[i - 3]) edits = Math.min(edits, at(i - 3, j - 2) + 2);
        if (x === to[j - 3] && y === from[i - 2]) edits = Math.min(edits, at(i - 2, j - 3) + 2);
      }
      row[j] = edits;
      least = Math.min(least, edits);
    }
    if (least > maxEdits) return false;
  }
  return at(from.length, to.length) <= maxEdits;
}
