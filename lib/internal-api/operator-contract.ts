import * as z from "zod";
import { backupStatement, drillKey, drillReceipt, openingOutcome } from "@/lib/backups/schema";

/**
 * The requests of the operator's commands to automate: purpose → path, body, answer. The operator's own key
 * signs them, because only automate holds the master keys.
 */
export const operatorRequests = {
  "keys:status": {
    path: "/internal/operator/keys/status",
    body: z.object({}),
    answer: z.object({
      masterKeys: z.array(
        z.object({
          fingerprint: z.string(),
          /** Empty, as is the provider, for a key that wraps fabric keys and that the keyring does not have. */
          label: z.string(),
          provider: z.string(),
          isPrimary: z.boolean(),
          state: z.string(),
          /** How many fabric keys it wraps. */
          fabricKeys: z.number().int(),
        }),
      ),
      rotations: z.array(
        z.object({
          kind: z.string(),
          fabric: z.object({ id: z.string(), name: z.string(), team: z.string() }).nullable(),
          target: z.string(),
          state: z.string(),
          done: z.number().int(),
          total: z.number().int(),
          unopened: z.number().int(),
          startedByName: z.string(),
          startedAt: z.iso.datetime(),
          endedAt: z.iso.datetime().nullable(),
          runningMs: z.number().int(),
          lastError: z.string(),
        }),
      ),
      /** When the last backup was taken, the last drill ended, and the last one passed; null for never. */
      backupTakenAt: z.iso.datetime().nullable(),
      drill: z
        .object({
          endedAt: z.iso.datetime(),
          passed: z.boolean(),
          opened: z.number().int(),
          unopened: z.number().int(),
        })
        .nullable(),
      drillPassedAt: z.iso.datetime().nullable(),
    }),
  },
  "keys:rotate-master": {
    path: "/internal/operator/keys/rotate-master",
    body: z.object({}),
    answer: z.object({ fingerprint: z.string(), label: z.string() }),
  },
  "keys:rotate-fabric": {
    path: "/internal/operator/keys/rotate-fabric",
    /** The fabric's id, or its name if no other fabric has the same. */
    body: z.object({ fabric: z.string().min(1).max(128) }),
    answer: z.object({ fabric: z.string(), kid: z.string() }),
  },
  "keys:pause": {
    path: "/internal/operator/keys/pause",
    /** Without a fabric: the rotation of the master key. */
    body: z.object({ fabric: z.string().min(1).max(128).optional() }),
    answer: z.object({ isChanged: z.boolean() }),
  },
  "keys:resume": {
    path: "/internal/operator/keys/resume",
    body: z.object({ fabric: z.string().min(1).max(128).optional() }),
    answer: z.object({ isChanged: z.boolean() }),
  },
  "keys:resign": {
    path: "/internal/operator/keys/resign",
    body: z.object({}),
    answer: z.object({
      /** How many fabric keys the present signing key had not signed, and now has. */
      resigned: z.number().int(),
      /** Fabric keys that are not signed anew, because their public half does not belong to their private half. */
      refused: z.array(z.object({ fabricId: z.string(), kid: z.string(), reason: z.string() })),
    }),
  },
  "keys:verify": {
    path: "/internal/operator/keys/verify",
    /** How many random values under each key are tried. */
    body: z.object({ sample: z.number().int().min(0).max(1000) }),
    answer: z.object({
      keys: z.number().int(),
      values: z.number().int(),
      failed: z.number().int(),
      /** At most 200 of the failed keys and values. */
      problems: z.array(z.object({ fabricId: z.string(), kid: z.string(), problem: z.string() })),
    }),
  },
  "backup:sign": {
    path: "/internal/operator/backups",
    body: backupStatement.extend({ bytes: z.number().int().nonnegative() }),
    answer: z.object({ signature: z.string() }),
  },
  "drill:start": {
    path: "/internal/operator/drills",
    body: backupStatement,
    answer: z.object({ drill: z.string() }),
  },
  "drill:open": {
    path: "/internal/operator/drills/open",
    body: z.object({ drill: z.uuid(), keys: z.array(drillKey).max(1000) }),
    /** For each key and each of its values whether it opened: all that automate says about a value. */
    answer: z.object({ outcomes: z.array(z.array(openingOutcome)) }),
  },
  "drill:end": {
    path: "/internal/operator/drills/end",
    body: drillReceipt.pick({ drill: true, restoreSeconds: true, fabrics: true, values: true }),
    answer: z.object({ receipt: z.string() }),
  },
} as const satisfies Record<string, { path: string; body: z.ZodType; answer: z.ZodType }>;

export type OperatorPurpose = keyof typeof operatorRequests;
export type OperatorBody<P extends OperatorPurpose> = z.infer<(typeof operatorRequests)[P]["body"]>;
export type OperatorAnswer<P extends OperatorPurpose> = z.infer<(typeof operatorRequests)[P]["answer"]>;
