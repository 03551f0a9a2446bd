/**
 * True when the subject is as the pattern says. `*` stands for any characters of one part, none too: it does not span `:` and `/`,
 * which part a subject from its neighbours. Patterns of before span them (`spansParts`). Linear in both.
 */
export function matchesSubject(pattern: string, subject: string, { spansParts = false } = {}): boolean {
  if (spansParts) return matches(pattern, subject);
  const [wanted, given] = [partsOf(pattern), partsOf(subject)];
  return wanted.length === given.length && wanted.every((part, i) => matches(part, given[i] ?? ""));
}

/** The parts of a subject, and what stands between them. */
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
