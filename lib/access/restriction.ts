/**
 * Maps a connection's id to its pin: the secrets it referenced when an Admin last limited a token to it or
 * confirmed it.
 */
export type ConnectionPins = Readonly<Record<string, readonly string[]>>;

/**
 * The only secrets and connections of the fabric that a pipeline may use. Ids of deleted ones have no effect.
 */
export type Restriction = {
  readonly secretIds: readonly string[];
  readonly connectionIds: readonly string[];
  readonly pins: ConnectionPins;
};

type Restricted = { readonly only: Restriction | null };

/** True when the scope may read this secret by name. */
export function reachesSecret({ only }: Restricted, secretId: string): boolean {
  return only === null || only.secretIds.includes(secretId);
}

/** True when the scope may receive this connection, together with those of its secrets that are pinned. */
export function reachesConnection({ only }: Restricted, connectionId: string): boolean {
  return only === null || only.connectionIds.includes(connectionId);
}

/**
 * True when the scope may receive all of these secrets with the connection.
 * Pins stop an escalation: a User can point a connection at any secret of the fabric, and a token limited to
 * that connection must not gain the secret.
 */
export function arePinned({ only }: Restricted, connectionId: string, secretIds: readonly string[]): boolean {
  if (only === null) return true;
  const pinned = only.pins[connectionId] ?? [];
  return secretIds.every((id) => pinned.includes(id));
}

/** Returns the restriction for these lists, or null (unrestricted) when both are empty. */
export function restrictionOf({ secretIds, connectionIds, pins }: Restriction): Restriction | null {
  if (secretIds.length === 0 && connectionIds.length === 0) return null;
  return { secretIds, connectionIds, pins };
}
