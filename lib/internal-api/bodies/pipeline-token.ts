import * as z from "zod";

export const [maxReferences, maxRanges] = [100, 50];
export const range = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]);

/**
 * A token's limits as automate stores them: ids, and IP addresses or CIDR ranges. An empty list does not
 * limit.
 */
export const tokenLimits = z.object({
  secretIds: z.array(z.string().max(64)).max(maxReferences),
  connectionIds: z.array(z.string().max(64)).max(maxReferences),
  cidrs: z.array(range).max(maxRanges),
});
export type TokenLimits = z.infer<typeof tokenLimits>;

/** Connections, each with the secrets that an Admin saw and confirms for a token or an issuer. */
export const confirmedConnections = z
  .array(
    z.object({
      connectionId: z.string().max(64),
      // More than any connector has secret fields.
      secretIds: z.array(z.string().max(64)).max(50),
    }),
  )
  .min(1)
  .max(maxReferences);
export type ConfirmedConnection = z.infer<typeof confirmedConnections>[number];

/** The name of a token or a trusted issuer in Activity. */
export const tokenName = z
  .string()
  .trim()
  .min(1, "Enter a name.")
  .max(128, "Name is longer than 128 characters.")
  .regex(/^\P{Cc}*$/u, "Name contains a character that cannot be displayed.");

export const confirmPipelineTokenInput = z.object({
  tokenId: z.string().max(64),
  connections: confirmedConnections,
});
export type ConfirmPipelineTokenInput = z.infer<typeof confirmPipelineTokenInput>;
