import { z } from "zod";

/** The steps of a check, in their order. */
export const checkSteps = ["name", "network", "tls", "sign_in", "permission"] as const;
export const checkStepSchema = z.enum(checkSteps);
export type CheckStep = (typeof checkSteps)[number];

/** Everything that a check can find wrong. Closed: what a driver or a server says never leaves the worker. */
export const checkCodes = [
  "name_not_found",
  "name_unavailable",
  "address_refused",
  "connection_refused",
  "unreachable",
  "connection_closed",
  "timed_out",
  "tls_not_offered",
  "tls_untrusted",
  "tls_expired",
  "tls_not_yet_valid",
  "tls_wrong_name",
  "tls_too_old",
  "tls_failed",
  "ca_certificate_invalid",
  "client_certificate_required",
  "client_certificate_invalid",
  "host_key_unknown",
  "host_key_changed",
  "ssh_too_old",
  "wrong_protocol",
  "rejected_credentials",
  "credentials_missing",
  "sign_in_not_offered",
  "not_admitted",
  "private_key_invalid",
  "private_key_encrypted",
  "secret_malformed",
  "scope_rejected",
  "grant_not_allowed",
  "token_endpoint_wrong",
  "database_not_found",
  "too_many_connections",
  "server_not_ready",
  "not_permitted",
  "sftp_not_offered",
  "path_not_found",
  "path_not_readable",
  "redirected",
  "proxy_in_the_way",
  "rate_limited",
  "server_error",
  "unexpected_answer",
  "account_locked",
  "credential_expired",
  "password_change_required",
  "second_factor_required",
  "client_unknown",
  "tenant_not_found",
  "account_not_found",
  "user_not_found",
  "consent_missing",
  "service_account_key_invalid",
  "clock_differs",
  "catalog_not_found",
  "schema_not_found",
  "warehouse_not_found",
  "role_not_granted",
  "project_not_found",
  "dataset_not_found",
  "bucket_not_found",
  "wrong_region",
  "container_not_found",
  "site_not_found",
  "drive_not_found",
  "collection_not_found",
  "service_disabled",
  "version_not_supported",
  "answer_too_large",
  "sign_in_paused",
  "misconfigured",
  "destination_not_allowed",
  "destination_unconfirmed",
  "secret_missing",
  "automate_unavailable",
  "database_unavailable",
  "selvage_misconfigured",
  "busy",
  "cancelled",
  "unexpected",
] as const;
export const checkCodeSchema = z.enum(checkCodes);
export type CheckCode = (typeof checkCodes)[number];

/** What happened and what to do about it, each one sentence in an analyst's words. */
export type CheckText = { title: string; advice: string };

/** Public facts that a check may report, each held to a form that no message fits into. */
export const checkFactsSchema = z
  .object({
    hostKeyFingerprint: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/),
    serverVersion: z.string().regex(/^\d{1,4}(\.\d{1,4}){0,3}$/),
    /** "host:port" of the destination that failed, where a check has more than one. */
    destination: z.string().regex(/^[a-z0-9.:_[\]-]{1,270}$/),
    status: z.string().regex(/^[1-5]\d\d$/),
    /** When a paused sign-in may be tried again. */
    retryAt: z.iso.datetime(),
  })
  .partial()
  .strict();
export type CheckFacts = z.output<typeof checkFactsSchema>;

const ms = z.number().int().nonnegative();

export const stepEventSchema = z.strictObject({
  type: z.literal("step"),
  step: checkStepSchema,
  state: z.enum(["started", "passed", "skipped"]),
  ms: ms.optional(),
});
const passed = z.strictObject({
  type: z.literal("result"),
  ok: z.literal(true),
  ms,
  facts: checkFactsSchema.optional(),
});
const failed = z.strictObject({
  type: z.literal("result"),
  ok: z.literal(false),
  code: checkCodeSchema,
  step: checkStepSchema,
  field: z
    .string()
    .regex(/^[A-Za-z]{1,64}$/)
    .optional(),
  ms,
  facts: checkFactsSchema.optional(),
});
/** What a worker may say: it talks to strangers. */
export const workerEventSchema = z.union([stepEventSchema, z.discriminatedUnion("ok", [passed, failed])]);

/** By the name of a secret, where it would be sent and never was. */
export const newPlacesSchema = z.array(
  z.strictObject({ secret: z.string(), destinations: z.array(z.string()) }),
);
export type NewPlaces = z.infer<typeof newPlacesSchema>;

/** The result of a check. */
export const checkResultSchema = z.discriminatedUnion("ok", [
  passed,
  failed.extend({
    newPlaces: newPlacesSchema.optional(),
  }),
]);
/** The check waits for its turn; `ahead` of it are so many of its fabric. */
export const queuedEventSchema = z.strictObject({
  type: z.literal("queued"),
  ahead: z.number().int().nonnegative(),
});
/** One line of the NDJSON stream: perhaps a wait, any number of steps, then exactly one result. */
export const checkEventSchema = z.union([queuedEventSchema, stepEventSchema, checkResultSchema]);

export type QueuedEvent = z.output<typeof queuedEventSchema>;
export type StepEvent = z.output<typeof stepEventSchema>;
export type CheckResult = z.output<typeof checkResultSchema>;
export type CheckEvent = z.output<typeof checkEventSchema>;
