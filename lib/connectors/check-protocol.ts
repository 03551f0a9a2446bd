import * as z from "zod";

/** The steps of a check, in order. */
export const checkSteps = ["name", "network", "tls", "sign_in", "permission"] as const;
export const checkStepSchema = z.enum(checkSteps);
export type CheckStep = (typeof checkSteps)[number];

/** True for the steps that send no secret. */
export function isBeforeSignIn(step: CheckStep): boolean {
  return checkSteps.indexOf(step) < checkSteps.indexOf("sign_in");
}

/**
 * The codes of a failed check. A closed list: text from a driver or server never leaves the worker, because
 * it could contain a secret.
 */
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
  "encryption_may_be_required",
  "credentials_missing",
  "sign_in_not_offered",
  "method_not_supported",
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
  "password_not_accepted",
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
  "key_service_unavailable",
  "key_disabled",
  "key_denied",
  "key_missing",
  "busy",
  "cancelled",
  "unexpected",
] as const;
export const checkCodeSchema = z.enum(checkCodes);
export type CheckCode = (typeof checkCodes)[number];

/** A result for analysts: one sentence on what happened, one on what to do. */
export type CheckText = { title: string; advice: string };

/** Public facts that a check may report. Each has a narrow format, so that no secret or message fits in. */
export const checkFactsSchema = z
  .object({
    hostKeyFingerprint: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/),
    serverVersion: z.string().regex(/^\d{1,4}(\.\d{1,4}){0,3}$/),
    /** "host:port" of the failed destination, if a check has several. */
    destination: z.string().regex(/^[a-z0-9.:_[\]-]{1,270}$/),
    status: z.string().regex(/^[1-5]\d\d$/),
    /** When a paused sign-in may be retried. */
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
/** The events that automate accepts from a worker. Untrusted: the worker reads data from remote servers. */
export const workerEventSchema = z.union([stepEventSchema, z.discriminatedUnion("ok", [passed, failed])]);

/** The new destinations, by the name of the secret that would go there. */
export const newDestinationsByNameSchema = z.array(
  z.strictObject({ secret: z.string(), destinations: z.array(z.string()) }),
);
export type NewDestinationsByName = z.infer<typeof newDestinationsByNameSchema>;

/** The result of a check. */
export const checkResultSchema = z.discriminatedUnion("ok", [
  passed,
  failed.extend({
    newDestinations: newDestinationsByNameSchema.optional(),
  }),
]);
/** The check waits for a slot, behind `ahead` other checks of its fabric. */
export const queuedEventSchema = z.strictObject({
  type: z.literal("queued"),
  ahead: z.number().int().nonnegative(),
});
/** One line of the NDJSON stream: possibly a wait, any number of steps, then exactly one result. */
export const checkEventSchema = z.union([queuedEventSchema, stepEventSchema, checkResultSchema]);

export type StepEvent = z.output<typeof stepEventSchema>;
export type CheckResult = z.output<typeof checkResultSchema>;
export type CheckEvent = z.output<typeof checkEventSchema>;

/** The failed result of a check that did not run, or that broke off without a result of its own. */
export function resultWithoutCheck(code: CheckCode): Extract<CheckResult, { ok: false }> {
  return { type: "result", ok: false, code, step: "name", ms: 0 };
}
