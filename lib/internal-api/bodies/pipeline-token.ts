import { z } from "zod";

export const [mostThings, mostRanges] = [100, 50];
export const range = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]);

/** What a token is limited to, as automate keeps it: ids, and addresses or ranges of them. An empty list limits nothing. */
export const tokenLimits = z.object({
  secretIds: z.array(z.string().max(64)).max(mostThings),
  connectionIds: z.array(z.string().max(64)).max(mostThings),
  cidrs: z.array(range).max(mostRanges),
});
export type TokenLimits = z.infer<typeof tokenLimits>;

/** Connections, each with the secrets that an Admin saw and confirms for a token or an issuer. */
export const confirmedConnections = z
  .array(
    z.object({
      connectionId: z.string().max(64),
      // More than the fields of any connector that hold secrets.
      secretIds: z.array(z.string().max(64)).max(50),
    }),
  )
  .min(1)
  .max(mostThings);
export type ConfirmedConnection = z.infer<typeof confirmedConnections>[number];

/** What a token, or an issuer of tokens, is called in Activity. */
export const tokenName = z
  .string()
  .trim()
  .min(1, "Name is empty.")
  .max(128, "Name is longer than 128 characters.")
  .regex(/^\P{Cc}*$/u, "Name holds a character that cannot be shown.");

export const confirmPipelineTokenInput = z.object({
  tokenId: z.string().max(64),
  connections: confirmedConnections,
});
export type ConfirmPipelineTokenInput = z.infer<typeof confirmPipelineTokenInput>;
