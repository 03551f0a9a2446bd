import { binary } from "@/lib/secrets/kinds/binary";
import { m2mOauth } from "@/lib/secrets/kinds/m2m-oauth";
import { text } from "@/lib/secrets/kinds/text";
import { usernamePassword } from "@/lib/secrets/kinds/username-password";

/** The four types of secret by API name, in the order of the dialog. */
export const secretKinds = {
  text,
  binary,
  username_password: usernamePassword,
  m2m_oauth: m2mOauth,
} as const;

export type SubKind = keyof typeof secretKinds;
export const subKinds = Object.keys(secretKinds) as [SubKind, ...SubKind[]];

/** True for the API name of a secret type. */
export function isSubKind(value: string): value is SubKind {
  return value in secretKinds;
}
