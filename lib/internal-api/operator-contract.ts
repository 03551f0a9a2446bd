import { z } from "zod";

/**
 * The requests of the operator's commands to automate: purpose → path, body, answer. The operator's own key
 * signs them, because only automate holds the master keys.
 */
export const operatorRequests = {
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
} as const satisfies Record<string, { path: string; body: z.ZodType; answer: z.ZodType }>;

export type OperatorPurpose = keyof typeof operatorRequests;
export type OperatorBody<P extends OperatorPurpose> = z.infer<(typeof operatorRequests)[P]["body"]>;
export type OperatorAnswer<P extends OperatorPurpose> = z.infer<(typeof operatorRequests)[P]["answer"]>;
