/** How Selvage sets a new value at the servers of a kind. */
type PasswordKindRules = {
  /** The connection's field of the secret. */
  field: "password" | "privateKey";
  /** The methods of a rotation that the kind has. */
  methods: readonly ("own" | "pair" | "key_pair")[];
  /** The longest password that each server of the kind takes, in characters, if that is short. */
  maxLength?: number;
  /** The rights at the server of who signs in to set another user's value: a pair's administrator, or a key's user. */
  rights: string;
};

const both = { field: "password", methods: ["own", "pair"] } as const;

/** The kinds of connection whose passwords or keys Selvage can set at the server. */
export const passwordKinds = {
  postgres: { ...both, rights: "CREATEROLE, and ADMIN OPTION on both users" },
  redshift: { ...both, rights: "ALTER USER" },
  mysql: { ...both, rights: "CREATE USER, UPDATE on mysql.*, and SELECT on mysql.user" },
  mssql: { ...both, rights: "ALTER ANY LOGIN, or in Azure loginmanager in master" },
  synapse: { ...both, rights: "ALTER ANY LOGIN, or in Azure loginmanager in master" },
  // 30 bytes, before release 23ai (docs.oracle.com, "Guidelines for Securing Passwords").
  oracle: { ...both, maxLength: 30, rights: "ALTER USER" },
  snowflake: {
    field: "privateKey",
    methods: ["key_pair"],
    rights: "MODIFY PROGRAMMATIC AUTHENTICATION METHODS on the user, for the connection’s role",
  },
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
