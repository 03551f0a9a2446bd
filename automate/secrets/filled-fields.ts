import { findConnector } from "@/lib/connectors/registry";
import { isUser, userFieldOf } from "@/lib/connectors/validate";
import { type SubKind, secretKinds } from "@/lib/secrets/kinds/registry";

/** The user in a secret has a character that clients of this kind of server read as syntax. */
export class UserNotAccepted extends Error {
  override name = "UserNotAccepted";
  constructor(readonly field: string) {
    super("The username in the secret is not accepted for this kind of connection.");
  }
}

/**
 * The properties of a connection that an opened value fills: the field that references it, and for a type that gives
 * the user of a sign-in, also the user's field.
 *
 * Throws `UserNotAccepted` for a user that the connection's form would refuse. Web cannot judge a sealed user, which
 * could lead a client to another server.
 */
export function filledFields<T>(
  kind: string,
  field: string,
  subKind: SubKind,
  value: T,
): Record<string, T | string> {
  const user = givenUserField(kind, field, subKind);
  const connector = findConnector(kind);
  if (user === undefined || !connector) return { [field]: value };
  const { username = "", password = "" } = value as Readonly<Record<string, string>>;
  if (!isUser(connector, user, username)) throw new UserNotAccepted(field);
  return { [user]: username, [field]: password };
}

/** The field of the user that a secret of this type gives with the password; otherwise undefined. */
export function givenUserField(kind: string, field: string, subKind: SubKind): string | undefined {
  const connector = findConnector(kind);
  return connector && secretKinds[subKind].givesUser ? userFieldOf(connector, field) : undefined;
}
