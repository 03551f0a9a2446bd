import type { UsableSecret } from "@/automate/secrets/current-secret";
import type { Scope } from "@/lib/access/scope";
import type { Destinations } from "@/lib/connectors/joined";

/** Fields of one secret to open. */
export type Opening<S extends UsableSecret = UsableSecret> = { secret: S; fields: readonly string[] };

/** An opening for something that sends the fields on, and the keys of the destinations that they go to. */
export type Sending<S extends UsableSecret = UsableSecret> = Opening<S> & { destinations: Destinations };

/** A connection whose secrets a pipeline receives with it. */
export type Via = { id: string; name: string };

/** Purposes for which Selvage itself joins a value to a destination. A new way out is a line here, and names where it leads. */
type Sends = {
  check: { scope: Scope<"connection:check">; connection: string };
  /** A pipeline receives a connection with its secrets filled in: its driver takes them there. */
  connection: { scope: Scope<"secret:use">; source: string; via: Via };
  /** The values go to the Auth URL among them, and no further: the pipeline receives a token. */
  token: { scope: Scope<"secret:use">; source: string };
};
export type SendingPurpose = {
  [For in keyof Sends]: { for: For; openings: readonly Sending[] } & Sends[For];
}[keyof Sends];

/** What values are opened for. A pipeline that reads secrets by their names alone receives them without a destination. */
export type Purpose =
  | SendingPurpose
  | { for: "pipeline"; scope: Scope<"secret:use">; source: string; openings: readonly Opening[] };
