// Control characters, line ends, and marks that change the direction of text.
const steering = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Other people's text as one line for a terminal. Removes characters with which an attacker could control the
 * terminal (escape injection).
 */
export function oneLine(text: string): string {
  return text.replace(steering, "�");
}

/**
 * The data as JSON. `JSON.stringify` does not escape every character that controls a terminal, so this does.
 */
export function asJson(data: unknown, indent?: number): string {
  const json = JSON.stringify(data, null, indent);
  return json.replace(steering, (sign) => {
    // A line end between members. Within strings, JSON.stringify has already escaped it.
    if (sign === "\n") return sign;
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
