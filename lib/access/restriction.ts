/** All that a pipeline may use of its fabric, by ids; ids of what is gone give nothing. */
export type Restriction = {
  readonly secretIds: readonly string[];
  readonly connectionIds: readonly string[];
};

type Restricted = { readonly only: Restriction | null };

/** True when the scope may receive this secret by itself. */
export function reachesSecret({ only }: Restricted, secretId: string): boolean {
  return only === null || only.secretIds.includes(secretId);
}

/** True when the scope may receive this connection, and with it exactly the secrets that it references. */
export function reachesConnection({ only }: Restricted, connectionId: string): boolean {
  return only === null || only.connectionIds.includes(connectionId);
}

/** The restriction that two lists mean: with both empty there is none. */
export function restrictionOf({ secretIds, connectionIds }: Restriction): Restriction | null {
  return secretIds.length === 0 && connectionIds.length === 0 ? null : { secretIds, connectionIds };
}
