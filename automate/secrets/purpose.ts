import type { UsableSecret } from "@/automate/secrets/usable-secret";
import type { Scope } from "@/lib/access/scope";
import type { Destinations } from "@/lib/connectors/secret-destinations";

/** Fields of one secret to open. */
export type Opening<S extends UsableSecret = UsableSecret> = { secret: S; fields: readonly string[] };

/** An opening whose fields are sent on, with the keys of their destinations. */
export type Sending<S extends UsableSecret = UsableSecret> = Opening<S> & { destinations: Destinations };

/** The connection through which a pipeline receives secrets. */
export type Via = { id: string; name: string };

/**
 * The purposes for which Selvage itself determines where a value goes. Add each new purpose here, so that it
 * must name its destinations.
 */
type Sends = {
  /** `isRotation`: it signs in to set a new password, and reads nothing. */
  check: { scope: Scope<"connection:check">; connection: string; isRotation?: boolean };
  /**
   * A pipeline receives a connection with its secrets filled in. Its driver sends them to the connection's
   * destinations.
   */
  connection: { scope: Scope<"secret:use">; source: string; via: Via };
  /** Automate sends the values only to their own Auth URL. The pipeline receives a token. */
  token: { scope: Scope<"secret:use">; source: string };
  /**
   * Automate verifies a token server by CA certificates. Their destinations name them, and are allowed for
   * `trustedFor`, which is sent there. The certificates stay in automate.
   */
  authority: { scope: Scope<"secret:use">; source: string; trustedFor: UsableSecret };
};
export type SendingPurpose = {
  [For in keyof Sends]: { for: For; openings: readonly Sending[] } & Sends[For];
}[keyof Sends];

/** Why values are opened. A pipeline that reads secrets by name receives them without a destination. */
export type Purpose =
  | SendingPurpose
  | { for: "pipeline"; scope: Scope<"secret:use">; source: string; openings: readonly Opening[] };
