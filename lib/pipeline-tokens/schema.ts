import * as z from "zod";
import type { Owner } from "@/lib/expiry/schema";
import {
  type ConfirmedConnection,
  maxRanges,
  maxReferences,
  range,
  tokenName,
} from "@/lib/internal-api/bodies/pipeline-token";

/** The lifetimes of a pipeline token, in days. */
export const tokenLifetimes = {
  "30": { label: "30 days", days: 30 },
  "90": { label: "90 days", days: 90 },
  "365": { label: "1 year", days: 365 },
  never: { label: "Never", days: null },
} as const;
export type TokenLifetime = keyof typeof tokenLifetimes;
export const tokenLifetimeKeys = ["30", "90", "365", "never"] as const satisfies TokenLifetime[];

/** The distinct non-empty lines of a field. */
export function linesOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ""))];
}

const lines = (max: number) =>
  z
    .string()
    .max(20_000, "This is too long.")
    .regex(/^[^\0]*$/, "This contains a character that cannot be stored.")
    .refine((text) => linesOf(text).length <= max, `Enter at most ${max} lines.`)
    .default("");

/** The limits of a token or a workload, from a form. */
export const limitInput = z.object({
  /** Names, one per line. */
  onlySecrets: lines(maxReferences),
  onlyConnections: lines(maxReferences),
  /** IP addresses or CIDR ranges, one per line. */
  onlyFrom: lines(maxRanges).superRefine((text, ctx) => {
    const wrong = linesOf(text).find((line) => !range.safeParse(line).success);
    if (wrong !== undefined)
      ctx.addIssue({
        code: "custom",
        message: `“${wrong}” is not an IP address or range. Example: 10.1.0.0/16`,
      });
  }),
});
export type LimitInput = z.infer<typeof limitInput>;

/**
 * A connection whose secrets differ from those that an Admin confirmed. Pipelines receive it again after an
 * Admin confirms the new ones.
 */
export type ConnectionChange = ConfirmedConnection & {
  connection: string;
  /** The names of secrets that it references only now. `removed` has those that it referenced only before. */
  added: string[];
  removed: string[];
};

/** Limits for people: names and addresses. */
export type LimitSummary = {
  secrets: string[];
  connections: string[];
  /** The names of secrets that come with those connections, as an Admin last confirmed. */
  pinned: string[];
  cidrs: string[];
  isLimited: boolean;
  /** The changes that an Admin must confirm. */
  changes: ConnectionChange[];
};

/** The input of Create token. */
export const createPipelineTokenInput = limitInput.extend({
  name: tokenName,
  lifetime: z.enum(tokenLifetimeKeys, "Choose when it expires."),
});
export type CreatePipelineTokenInput = z.infer<typeof createPipelineTokenInput>;

export const revokePipelineTokenInput = z.object({ tokenId: z.string().max(64) });
/** `ownerId` is null for the Admins. */
export const setTokenOwnerInput = z.object({
  tokenId: z.string().max(64),
  ownerId: z.string().max(64).nullable(),
});
export const setTokenOwnerForm = setTokenOwnerInput.extend({
  ownerId: z.string().transform((id) => id || null),
});

/** A pipeline token without its value, which cannot be shown again. */
export type PipelineTokenSummary = {
  id: string;
  name: string;
  createdAt: Date;
  createdByName: string;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
  /** The member who takes care of it; null for the Admins. */
  owner: Owner | null;
  status: TokenStatus;
  /** The only secrets and connections that it can read, and the only addresses that it may come from. */
  limits: LimitSummary;
};

/**
 * The current status of the Admin who created a token or trusted an issuer. Any status but `admin` calls for
 * a review.
 */
export type CreatorStatus = "admin" | "demoted" | "left" | "locked";

/** A working pipeline token of one of the team's fabrics. */
export type TeamPipelineToken = {
  id: string;
  name: string;
  fabricId: string;
  fabricName: string;
  createdByName: string;
  creatorStatus: CreatorStatus;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
};

/** An issuer whose workloads can read one of the team's fabrics. */
export type TeamIssuer = {
  id: string;
  name: string;
  issuer: string;
  subject: string;
  fabricId: string;
  fabricName: string;
  createdByName: string;
  createdAt: Date;
  creatorStatus: CreatorStatus;
};

/** A new token. Its value is shown only once. */
export type NewToken = { id: string; token: string };

/** Whether a token works. */
export type TokenStatus = "active" | "expired" | "revoked";

/** The status of a pipeline token or an access token at `now`. */
export function tokenStatus(
  { expiresAt, revokedAt }: { expiresAt: Date | null; revokedAt: Date | null },
  now: Date,
): TokenStatus {
  if (revokedAt) return "revoked";
  return expiresAt && expiresAt <= now ? "expired" : "active";
}
