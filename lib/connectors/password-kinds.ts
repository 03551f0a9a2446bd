/** The kinds of connection whose passwords Selvage can set at the server. */
export const passwordKinds = ["postgres", "mysql"] as const;
export type PasswordKind = (typeof passwordKinds)[number];

/** True for a kind whose passwords Selvage can set. */
export function isPasswordKind(kind: string): kind is PasswordKind {
  return (passwordKinds as readonly string[]).includes(kind);
}
