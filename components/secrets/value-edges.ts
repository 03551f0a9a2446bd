const edges = /^[ \t\r\n\u00A0]+|[ \t\r\n\u00A0]+$/g;
/** RFC 7468: a PEM text ends with a line break. */
const pemEnd = /-----END [^-]+-----\r?\n$/;

/**
 * Names the spaces and line breaks around a value, such as "starts with a space and ends with a line break".
 * They come along when a person copies too much, and a server then refuses the value. Null when there are none.
 */
export function edgesOf(text: string): string | null {
  const inner = withoutEdges(text);
  if (inner === text || (pemEnd.test(text) && text.trimEnd() === inner)) return null;
  if (inner === "") return "contains only spaces or line breaks";
  const start = text.indexOf(inner);
  const parts = [
    start > 0 && `starts with ${nameOf(text.slice(0, start))}`,
    start + inner.length < text.length && `ends with ${nameOf(text.slice(start + inner.length))}`,
  ];
  return parts.filter((part) => part !== false).join(" and ");
}

/** The value without the spaces and line breaks around it. */
export function withoutEdges(text: string): string {
  return text.replace(edges, "");
}

function nameOf(edge: string): string {
  return /[\r\n]/.test(edge) ? "a line break" : "a space";
}
