import "server-only";
import * as z from "zod";
import { isLoopbackHost } from "@/lib/egress/host";
import { isEntry } from "@/lib/egress/judge";

const port = z.coerce.number().int().min(1).max(65535);
const rate = z.coerce.number().int().min(1).max(100_000_000);
const quota = z.coerce.number().int().min(1).max(100_000_000);
const concurrency = z.coerce.number().int().min(1).max(10_000);
const trashDays = z.coerce.number().int().min(0).max(90).default(7);
const ed25519 = z.object({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string() });
const privateEd25519 = ed25519.extend({ d: z.string() });
const privateJwk = z.string().transform((text, ctx): z.infer<typeof privateEd25519> => {
  const parsed = privateEd25519.safeParse(safeJson(text));
  if (parsed.success) return parsed.data;
  ctx.addIssue({ code: "custom", message: "must be an Ed25519 private key as JWK" });
  return z.NEVER;
});
const publicJwk = ed25519.strict();
/** One public key as JWK, or several as JWK Set (RFC 7517 §5) while a signing key is replaced. */
const publicJwks = z.string().transform((text, ctx): z.infer<typeof publicJwk>[] => {
  const one = publicJwk.safeParse(safeJson(text));
  if (one.success) return [one.data];
  const several = z.strictObject({ keys: z.array(publicJwk).min(1).max(4) }).safeParse(safeJson(text));
  if (several.success) return several.data.keys;
  ctx.addIssue({
    code: "custom",
    message: "must be an Ed25519 public key as JWK, or a JWK Set of up to four",
  });
  return z.NEVER;
});

const web = z
  .object({
    /** Postgres, as a member of the web role. */
    WEB_DATABASE_URL: z.url(),
    /** Encrypts session cookies. Keys the hashes of sign-in delays and of idempotent requests. */
    SESSION_SECRET: z.string().min(32),
    /**
     * The app's address for people. Web answers only requests for this host. https turns on HSTS and secure
     * cookies.
     */
    PUBLIC_URL: z.url({ protocol: /^https?$/ }),
    /** The address of automate's internal port. */
    AUTOMATE_URL: z.url({ protocol: /^https?$/ }),
    /** Automate's address for pipelines. Web shows it and never calls it. */
    AUTOMATE_PUBLIC_URL: z.url({ protocol: /^https?$/ }),
    /** Signs requests to automate. */
    WEB_SIGNING_KEY: privateJwk,
    /** Verifies fabric keys before each seal: automate's public key, or several. */
    AUTOMATE_PUBLIC_KEY: publicJwks,
    HOST: z.string().default("127.0.0.1"),
    PORT: port.default(3000),
    /** An OpenID Connect provider: all three or none. */
    OIDC_ISSUER: z.url().optional(),
    OIDC_CLIENT_ID: z.string().min(1).optional(),
    OIDC_CLIENT_SECRET: z.string().min(1).optional(),
    /** The provider's name on the sign-in button. */
    OIDC_NAME: z.string().default("single sign-on"),
    /** The largest binary secret, in bytes. */
    MAX_SECRET_BYTES: z.coerce.number().int().min(1024).max(16_777_216).default(1_048_576),
    /** How many proxies in front append to X-Forwarded-For; with 0, web trusts none. */
    TRUST_PROXY_HOPS: z.coerce.number().int().min(0).max(8).default(0),
    /** How many requests one person may send in a minute, by screen and with all access tokens, to all copies. */
    WEB_RATE_PER_MINUTE: rate.default(12_000),
    /** How many of these with one access token. */
    WEB_TOKEN_RATE_PER_MINUTE: rate.default(6_000),
    /** How many requests one address may send without signing in, in a minute, to each copy. */
    WEB_ADDRESS_RATE_PER_MINUTE: rate.default(6_000),
    /**
     * How many failed sign-ins one network may make at once, whatever the accounts. All of it is back after ten minutes.
     * Accounts that signed in from there recently do not depend on it.
     */
    WEB_FAILED_SIGN_INS_PER_NETWORK: rate.default(100),
    /** How many requests of one person web serves at once, by screen and by script, in each copy. Others wait. */
    WEB_CONCURRENCY: concurrency.default(16),
    QUOTA_FABRICS_PER_TEAM: quota.default(200),
    QUOTA_SECRETS_PER_FABRIC: quota.default(20_000),
    QUOTA_CONNECTIONS_PER_FABRIC: quota.default(5_000),
    /** Sealed values, former versions included, in MiB. */
    QUOTA_STORED_MIB_PER_FABRIC: quota.default(1_024),
    QUOTA_STORED_MIB_PER_TEAM: quota.default(10_240),
    QUOTA_ACCESS_TOKENS_PER_PERSON: quota.default(50),
    /**
     * Days for which deleted secrets and connections stay in the trash: web shows them, automate purges. Set the same
     * for both.
     */
    TRASH_DAYS: trashDays,
    /** How many seconds a stopping copy keeps serving after /readyz reports that it is not ready. */
    STOP_DELAY_SECONDS: z.coerce.number().min(0).max(300).default(0),
  })
  .refine((e) => new Set([e.OIDC_ISSUER, e.OIDC_CLIENT_ID, e.OIDC_CLIENT_SECRET].map(Boolean)).size === 1, {
    path: ["OIDC_ISSUER"],
    message: "OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET go together: set all three or none",
  });

const automate = z
  .object({
    /** Postgres, as a member of the automate role. */
    AUTOMATE_DATABASE_URL: z.url(),
    /** File with the one master key: 32 random bytes in base64url, readable only by automate. */
    MASTER_KEY_FILE: z.string().min(1).optional(),
    /** File that lists the keys of the keyring. Then MASTER_KEY_FILE is not read. Readable only by automate. */
    KMS_CONFIG: z.string().min(1).optional(),
    /**
     * Fingerprints of master keys that are lost for good, separated by commas. Automate then starts although no key
     * of its keyring unwraps anything in the database.
     */
    LOST_MASTER_KEYS: z
      .string()
      .default("")
      .transform((text) => text.split(",").map((part) => part.trim())),
    /** Signs fabric keys. */
    AUTOMATE_SIGNING_KEY: privateJwk,
    /** Verifies web's requests: web's public key, or several. */
    WEB_PUBLIC_KEY: publicJwks,
    /** Verifies the requests of the operator's commands. Unset: automate accepts none. */
    OPERATOR_PUBLIC_KEY: publicJwks.optional(),
    AUTOMATE_HOST: z.string().default("127.0.0.1"),
    AUTOMATE_PORT: port.default(3001),
    /** The Vault dialect under plain /v1, on AUTOMATE_HOST. Unset: only under /vault/v1 of AUTOMATE_PORT. */
    AUTOMATE_VAULT_PORT: port.optional(),
    /** Automate answers web's signed requests only here, so that a firewall can keep everyone else out. */
    AUTOMATE_INTERNAL_HOST: z.string().default("127.0.0.1"),
    AUTOMATE_INTERNAL_PORT: port.default(3002),
    /** The URL that web calls and signs. Defaults to http on the internal host and port. */
    AUTOMATE_URL: z.url().optional(),
    /**
     * Private or loopback ranges that checks and automate's own requests may reach, separated by commas: a
     * CIDR, and optionally one port, such as 10.0.0.0/8 or 127.0.0.1/32:5432.
     */
    EGRESS_ALLOW: z
      .string()
      .default("")
      .transform((text) =>
        text
          .split(",")
          .map((part) => part.trim())
          .filter(Boolean),
      )
      .superRefine((entries, ctx) => {
        for (const entry of entries.filter((one) => !isEntry(one)))
          ctx.addIssue({
            code: "custom",
            message: `“${entry}” is not a range: write 10.0.0.0/8 for all ports, or 10.0.0.0/8:5432 for one`,
          });
      }),
    /**
     * The socket of `worker-host`, which runs check workers as another user. Unset: automate starts them
     * under its own user.
     */
    CHECK_WORKERS_SOCKET: z.string().endsWith(".sock").optional(),
    /** The folder of the signed command line. Default: the folder `cli` next to this program. */
    COMMAND_LINE_DIR: z.string().min(1).optional(),
    /** "off" runs a check only on demand. */
    BACKGROUND_CHECKS: z.enum(["on", "off"]).default("on"),
    /** Rotates the key pair of each fabric when it is this many days old. Unset: only people rotate it. */
    ROTATE_FABRIC_KEYS_DAYS: z.coerce.number().int().min(1).max(3650).optional(),
    /** Minutes until a passed check runs again. */
    BACKGROUND_CHECK_MINUTES: z.coerce.number().int().min(1).max(1440).default(15),
    /** "yes" when a proxy in front terminates TLS. Required to listen beyond loopback. */
    BEHIND_TLS_PROXY: z.enum(["yes", "no"]).default("no"),
    /**
     * How many proxies in front append to X-Forwarded-For; 0 trusts none. Automate audits that address and
     * checks it against a token's limits.
     */
    AUTOMATE_TRUST_PROXY_HOPS: z.coerce.number().int().min(0).max(8).default(0),
    /** How many secrets one token may request in a minute, across all copies. */
    RUNTIME_RATE_PER_MINUTE: rate.default(60_000),
    /** How many requests without a valid token one address may send in a minute, to each copy. */
    RUNTIME_ADDRESS_RATE_PER_MINUTE: rate.default(6_000),
    /** How many requests of one token automate serves at once, in each copy. Others wait. */
    RUNTIME_CONCURRENCY: concurrency.default(6),
    /** Days between the deletion of a fabric and the destruction of its keys. Until then, an Admin can undo it. */
    FABRIC_DELETION_DAYS: z.coerce.number().int().min(0).max(90).default(7),
    /** Days for which deleted secrets and connections stay in the trash, by the database's clock. Then automate purges them. */
    TRASH_DAYS: trashDays,
    /** The mail server for reminders: smtps://user:password@host:465, or smtp:// with STARTTLS. Unset: no e-mail. */
    SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
    /** "off" sends to an smtp:// server without TLS, and then without a password. */
    SMTP_TLS: z.enum(["required", "off"]).default("required"),
    /** The sender of reminders, such as `Selvage <selvage@example.com>`. */
    SMTP_FROM: z
      .string()
      .regex(
        /^[^\r\n]*[^@\s<>]+@[^@\s<>]+>?$/,
        "is no address: write selvage@example.com or Selvage <selvage@example.com>",
      )
      .optional(),
    /** The webhook for reminders. Unset: no webhook. */
    REMINDER_WEBHOOK_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** Signs the calls of the webhook: `whsec_` and 24 to 64 random bytes in base64. */
    REMINDER_WEBHOOK_SECRET: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, "must be whsec_ and 24 to 64 random bytes in base64")
      .optional(),
    /** Certificate authorities of the mail server and the webhook, in addition to the public ones: a PEM file. */
    REMINDER_CA_FILE: z.string().min(1).optional(),
    /** From this hour of each day, in UTC, automate finds reminders. */
    REMINDER_HOUR: z.coerce.number().int().min(0).max(23).default(6),
    /** Web's address for people, for the links in reminders. */
    PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** How many working pipeline tokens a fabric may have. */
    QUOTA_PIPELINE_TOKENS_PER_FABRIC: quota.default(500),
    /** How many seconds a stopping copy keeps serving after /readyz reports that it is not ready. */
    STOP_DELAY_SECONDS: z.coerce.number().min(0).max(300).default(0),
    /** Serves Prometheus metrics at /metrics on this port. Unset: no metrics. */
    METRICS_PORT: port.optional(),
    METRICS_HOST: z.string().default("127.0.0.1"),
  })
  .superRefine((e, ctx) => {
    if (e.BEHIND_TLS_PROXY === "yes") return;
    for (const name of ["AUTOMATE_HOST", "AUTOMATE_INTERNAL_HOST"] as const) {
      if (["127.0.0.1", "::1", "localhost"].includes(e[name])) continue;
      const message =
        "automate speaks plain HTTP: listen on loopback, or set BEHIND_TLS_PROXY=yes when a proxy terminates TLS";
      ctx.addIssue({ code: "custom", path: [name], message });
    }
  })
  .superRefine((e, ctx) => {
    const needed = [
      ...(e.SMTP_URL ? (["SMTP_FROM", "PUBLIC_URL"] as const) : []),
      ...(e.REMINDER_WEBHOOK_URL ? (["REMINDER_WEBHOOK_SECRET", "PUBLIC_URL"] as const) : []),
    ];
    for (const name of new Set(needed))
      if (e[name] === undefined) ctx.addIssue({ code: "custom", path: [name], message: "is not set" });
    if (e.SMTP_TLS === "off" && e.SMTP_URL && new URL(e.SMTP_URL).password !== "")
      ctx.addIssue({
        code: "custom",
        path: ["SMTP_TLS"],
        message:
          "is off, and SMTP_URL has a password, which would cross the network in clear: remove one of them",
      });
    const webhook = e.REMINDER_WEBHOOK_URL && new URL(e.REMINDER_WEBHOOK_URL);
    if (webhook && webhook.protocol === "http:" && !isLoopbackHost(webhook.hostname))
      ctx.addIssue({
        code: "custom",
        path: ["REMINDER_WEBHOOK_URL"],
        message: "must be https, except on this machine: names would cross the network in clear",
      });
  })
  .superRefine((e, ctx) => {
    if (e.MASTER_KEY_FILE !== undefined || e.KMS_CONFIG !== undefined) return;
    ctx.addIssue({ code: "custom", path: ["MASTER_KEY_FILE"], message: "is not set" });
  })
  .refine((e) => e.AUTOMATE_PORT !== e.AUTOMATE_INTERNAL_PORT, {
    path: ["AUTOMATE_INTERNAL_PORT"],
    message: "is the same as AUTOMATE_PORT: change one of them",
  })
  .refine(
    (e) => ![e.AUTOMATE_PORT, e.AUTOMATE_INTERNAL_PORT].some((taken) => taken === e.AUTOMATE_VAULT_PORT),
    {
      path: ["AUTOMATE_VAULT_PORT"],
      message: "is the same as AUTOMATE_PORT or AUTOMATE_INTERNAL_PORT: change one of them",
    },
  );

const owner = z.object({
  /** Postgres, as the owner of the schema: for migrations, the first people, and the demo. */
  DATABASE_URL: z.url(),
});

const operator = z.object({
  /** The address of automate's internal port. */
  AUTOMATE_URL: z.url({ protocol: /^https?$/ }),
  /** Signs the operator's requests to automate. */
  OPERATOR_SIGNING_KEY: privateJwk,
});

export type WebEnv = Readonly<z.infer<typeof web>>;

/** Returns web's variables. Throws `BadEnvironment` with a list of all faults. */
export const webEnv = once(() => parse("web", web));
/** Returns automate's variables. Throws `BadEnvironment` with a list of all faults. */
export const automateEnv = once(() => parse("automate", automate));

/** Returns the variables of the operator's commands that ask automate. Throws `BadEnvironment` with a list of all faults. */
export const operatorEnv = once(() => parse("this command", operator));

/** The public keys that verify automate's signatures on backups and receipts. Throws `BadEnvironment`. */
export const automatePublicKeys = once(
  () => parse("this command", z.object({ AUTOMATE_PUBLIC_KEY: publicJwks })).AUTOMATE_PUBLIC_KEY,
);

const identities = ["WEB_DATABASE_URL", "AUTOMATE_DATABASE_URL", "DATABASE_URL"] as const;

/**
 * Returns the database URL of this program. Throws when none is set, or when another program's URL is set as
 * well.
 */
export const databaseUrl = once(() => {
  const found = identities.filter((name) => process.env[name]);
  const [name] = found;
  if (found.length !== 1 || name === undefined) {
    throw new BadEnvironment(
      `Set exactly one of ${identities.join(", ")}: a program has one database identity (found ${found.join(" and ") || "none"}).`,
    );
  }
  if (name === "DATABASE_URL") return parse("this program", owner).DATABASE_URL;
  return process.env[name] ?? "";
});

/**
 * False with `DB_PREPARED_STATEMENTS=off`, for a pooler in transaction mode that cannot prepare statements.
 * Postgres then plans each query anew.
 */
export const usesPreparedStatements = once(
  () =>
    parse("this program", z.object({ DB_PREPARED_STATEMENTS: z.enum(["on", "off"]).default("on") }))
      .DB_PREPARED_STATEMENTS === "on",
);

/** A variable is missing or invalid. The message names each one. */
export class BadEnvironment extends Error {
  override name = "BadEnvironment";
}

function parse<S extends z.ZodType>(program: string, schema: S): Readonly<z.infer<S>> {
  const values = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(values);
  if (parsed.success) return Object.freeze(parsed.data);
  const list = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return `  ${name}: ${values[name] === undefined ? "is not set" : issue.message}`;
  });
  throw new BadEnvironment(`The environment of ${program} is incomplete:\n${list.join("\n")}`);
}

function once<T>(compute: () => T): () => T {
  let cached: { value: T } | undefined;
  return () => {
    cached ??= { value: compute() };
    return cached.value;
  };
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
