/** How Selvage sets a new value at the servers of a kind. */
type PasswordKindRules = {
  /** The connection's field of the secret. */
  field: "password" | "privateKey";
  /** The methods of a rotation that the kind has. */
  methods: readonly ("own" | "pair" | "key_pair")[];
  /** The longest password that each server of the kind takes, in characters, if that is short. */
  maxLength?: number;
};

const both = { field: "password", methods: ["own", "pair"] } as const;

/** The kinds of connection whose passwords or keys Selvage can set at the server. */
export const passwordKinds = {
  postgres: both,
  redshift: both,
  mysql: both,
  mssql: both,
  synapse: both,
  // 30 bytes, before release 23ai (docs.oracle.com, "Guidelines for Securing Passwords").
  oracle: { ...both, maxLength: 30 },
  snowflake: { field: "privateKey", methods: ["key_pair"] },
} as const satisfies Record<string, PasswordKindRules>;
export type PasswordKind = keyof typeof passwordKinds;

/** True for a kind whose passwords or keys Selvage can set. */
export function isPasswordKind(kind: string): kind is PasswordKind {
  return Object.hasOwn(passwordKinds, kind);
}

/** The rules of a kind; null for one whose passwords Selvage cannot set. */
export function passwordKindOf(kind: string): PasswordKindRules | null {
  return isPasswordKind(kind) ? passwordKinds[kind] : null;
}
