/**
 * True when the subject matches the pattern. Runs in linear time.
 * `*` matches zero or more characters within one part; parts are separated by `:` and `/`. In old patterns
 * (`spansParts`), `*` also crosses the separators.
 */
export function matchesSubject(pattern: string, subject: string, { spansParts = false } = {}): boolean {
  if (spansParts) return matches(pattern, subject);
  const [patternParts, subjectParts] = [partsOf(pattern), partsOf(subject)];
  return (
    patternParts.length === subjectParts.length &&
    patternParts.every((part, i) => matches(part, subjectParts[i] ?? ""))
  );
}

/** Splits a subject into its parts and the separators between them. */
function partsOf(text: string): string[] {
  return text.split(/([:/])/);
}

function matches(pattern: string, subject: string): boolean {
  const [first = "", ...others] = pattern.split("*");
  const last = others.pop();
  if (last === undefined) return subject === first;
  if (!subject.startsWith(first) || !subject.endsWith(last)) return false;
  const end = subject.length - last.length;
  let position = first.length;
  for (const part of others) {
    const index = subject.indexOf(part, position);
    if (index < 0) return false;
    position = index + part.length;
  }
  return position <= end;
}
