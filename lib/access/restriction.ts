/** Connection → the secrets that it referenced when an Admin limited a token to it, or last confirmed that. */
export type ConnectionPins = Readonly<Record<string, readonly string[]>>;

/** All that a pipeline may use of its fabric, by ids; ids of what is gone give nothing. */
export type Restriction = {
  readonly secretIds: readonly string[];
  readonly connectionIds: readonly string[];
  readonly pins: ConnectionPins;
};

type Restricted = { readonly only: Restriction | null };

/** True when the scope may receive this secret by itself. */
export function reachesSecret({ only }: Restricted, secretId: string): boolean {
  return only === null || only.secretIds.includes(secretId);
}

/** True when the scope may receive this connection, and with it the secrets that it references and that are pinned. */
export function reachesConnection({ only }: Restricted, connectionId: string): boolean {
  return only === null || only.connectionIds.includes(connectionId);
}

/**
 * True when an Admin confirmed that the scope receives all of these secrets with the connection. A User can point a connection
 * at any secret of the fabric, and a token that is limited to the connection must not gain that secret.
 */
export function arePinned({ only }: Restricted, connectionId: string, secretIds: readonly string[]): boolean {
  if (only === null) return true;
  const pinned = only.pins[connectionId] ?? [];
  return secretIds.every((id) => pinned.includes(id));
}

/** The restriction that two lists mean: with both empty there is none. */
export function restrictionOf({ secretIds, connectionIds, pins }: Restriction): Restriction | null {
  if (secretIds.length === 0 && connectionIds.length === 0) return null;
  return { secretIds, connectionIds, pins };
}
