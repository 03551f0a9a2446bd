// Control characters, line ends, and marks that turn the direction of text.
const steering = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text that somebody else chose, for a terminal: as one line, and without what would steer it. */
export function oneLine(text: string): string {
  return text.replace(steering, "�");
}

/** The data as JSON. `JSON.stringify` leaves some of what steers a terminal as it is. */
export function asJson(data: unknown, indent?: number): string {
  const json = JSON.stringify(data, null, indent);
  return json.replace(steering, (sign) => {
    // Between members: within a text it is escaped already.
    if (sign === "\n") return sign;
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
