import * as z from "zod";

/** A secret as a check receives it: text, bytes, or the fields of a compound secret. */
const openedSecret = z.union([
  z.string(),
  z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  z.record(z.string(), z.string()),
]);

const destination = z.strictObject({
  protocol: z.string(),
  host: z.string(),
  port: z.number(),
  tls: z.enum(["verify-full", "require", "disable"]).exactOptional(),
  hostKey: z.string().exactOptional(),
  srv: z.literal(true).exactOptional(),
  hostField: z.string(),
  portField: z.string(),
  secretFields: z.array(z.string()).readonly(),
  provedFields: z.array(z.string()).readonly().exactOptional(),
});

/**
 * A job without values: the worker reaches the destinations by name, network and TLS, and ends before the
 * sign-in. Automate sends it while a destination is not allowed yet.
 */
export const reachJobSchema = z.strictObject({
  kind: z.string(),
  /** Validated by the connector. Credential fields hold secret ids. */
  properties: z.record(z.string(), z.unknown()),
  destinations: z.array(destination).readonly(),
  egressAllow: z.array(z.string()).readonly(),
});
export type ReachJob = z.output<typeof reachJobSchema>;

/** The job of a whole check. `secrets` maps credential fields to opened values. */
export const checkJobSchema = reachJobSchema.extend({
  secrets: z.record(z.string(), openedSecret.optional()),
});
export type CheckJob = z.output<typeof checkJobSchema>;

/**
 * A new password or key of a user, in the forms that servers take. Both contain only characters that no server reads
 * as syntax.
 */
export const passwordChangeSchema = z.strictObject({
  user: z.string(),
  /** True when the sign-in itself is that user's. */
  isOwn: z.boolean(),
  /**
   * What the server stores, for kinds that take it: by RFC 5803 (PostgreSQL); an MD5 hash (Redshift); the native hash
   * of MySQL and MariaDB; or a public key, as base64 of its SPKI (Snowflake).
   */
  verifier: z
    .string()
    .max(2048)
    .regex(
      /^(SCRAM-SHA-256\$\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+|md5[0-9a-f]{32}|\*[0-9A-F]{40}|[A-Za-z0-9+/]{300,}={0,2})$/,
    )
    .optional(),
  /** Only for kinds of which some servers take no verifier. */
  password: z
    .string()
    .regex(/^[A-Za-z0-9_.~-]+$/)
    .optional(),
});
export type PasswordChange = z.output<typeof passwordChangeSchema>;

/** The job that sets a password: the sign-in of a check, and then one statement in place of its read. */
export const passwordJobSchema = checkJobSchema.extend({ change: passwordChangeSchema });
export type PasswordJob = z.output<typeof passwordJobSchema>;

export const jobSchema = z.union([passwordJobSchema, checkJobSchema, reachJobSchema]);
export type Job = z.output<typeof jobSchema>;

/** A message to a prewarmed worker: the kind whose driver to load. */
export const preparationSchema = z.strictObject({ prepareFor: z.string() });
export type Preparation = z.output<typeof preparationSchema>;
