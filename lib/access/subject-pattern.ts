/**
 * True when the subject matches the pattern. Runs in linear time.
 * `*` matches zero or more characters within one part; parts are separated by `:` and `/`. In old patterns
 * (`spansParts`), `*` also crosses the separators.
 */
export function matchesSubject(pattern: string, subject: string, { spansParts = false } = {}): boolean {
  if (spansParts) return matches(pattern, subject);
  const [wanted, given] = [partsOf(pattern), partsOf(subject)];
  return wanted.length === given.length && wanted.every((part, i) => matches(part, given[i] ?? ""));
}

/** Splits a subject into its parts and the separators between them. */
function partsOf(text: string): string[] {
  return text.split(/([:/])/);
}

function matches(pattern: string, subject: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return subject === first;
  if (!subject.startsWith(first) || !subject.endsWith(last)) return false;
  const end = subject.length - last.length;
  let at = first.length;
  for (const part of rest) {
    const found = subject.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= end;
}
