import { z } from "zod";
import {
  type ConfirmedConnection,
  mostRanges,
  mostThings,
  range,
  tokenName,
} from "@/lib/internal-api/bodies/pipeline-token";

/** How long a pipeline token can live, in days. */
export const tokenLifetimes = {
  "30": { label: "30 days", days: 30 },
  "90": { label: "90 days", days: 90 },
  "365": { label: "1 year", days: 365 },
  never: { label: "Never", days: null },
} as const;
export type TokenLifetime = keyof typeof tokenLifetimes;
export const tokenLifetimeKeys = ["30", "90", "365", "never"] as const satisfies TokenLifetime[];

/** The lines of a field that are not empty, each once. */
export function linesOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ""))];
}

const lines = (most: number) =>
  z
    .string()
    .max(20_000, "This is too long.")
    .regex(/^[^\0]*$/, "This holds a character that cannot be stored.")
    .refine((text) => linesOf(text).length <= most, `Enter ${most} lines at most.`)
    .default("");

/** What a form limits a token or a workload to. */
export const limitInput = z.object({
  /** Names, one a line. */
  onlySecrets: lines(mostThings),
  onlyConnections: lines(mostThings),
  /** Addresses or ranges of them, one a line. */
  onlyFrom: lines(mostRanges).superRefine((text, ctx) => {
    const wrong = linesOf(text).find((line) => !range.safeParse(line).success);
    if (wrong !== undefined)
      ctx.addIssue({
        code: "custom",
        message: `“${wrong}” is no address or range. For example: 10.1.0.0/16`,
      });
  }),
});
export type LimitInput = z.infer<typeof limitInput>;

/** A connection that references other secrets than an Admin confirmed: pipelines receive it once she confirms these. */
export type ConnectionChange = ConfirmedConnection & {
  connection: string;
  /** Names of the secrets that it references now and did not then, and the other way round. */
  added: string[];
  removed: string[];
};

/** What something is limited to, as people read it: names, and addresses. */
export type LimitSummary = {
  secrets: string[];
  connections: string[];
  /** The secrets that come with those connections, as an Admin limited or confirmed it. */
  pinned: string[];
  cidrs: string[];
  isLimited: boolean;
  /** What waits for an Admin to confirm it. */
  changes: ConnectionChange[];
};

/** Create token. */
export const createPipelineTokenInput = limitInput.extend({
  name: tokenName,
  lifetime: z.enum(tokenLifetimeKeys, "Choose when it expires."),
});
export type CreatePipelineTokenInput = z.infer<typeof createPipelineTokenInput>;

export const revokePipelineTokenInput = z.object({ tokenId: z.string().max(64) });

/** A pipeline token without its value, which nobody can see again. */
export type PipelineTokenSummary = {
  id: string;
  name: string;
  createdAt: Date;
  createdByName: string;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
  status: TokenStatus;
  /** Names of the only secrets and connections that it reaches, and the only addresses that it may come from. */
  limits: LimitSummary;
};

/** What became of the Admin who made a token or trusted an issuer: any but `admin` is reason to look at it. */
export type MakerStatus = "admin" | "demoted" | "left" | "locked";

/** A pipeline token of one of the team's fabrics that works. */
export type TeamPipelineToken = {
  id: string;
  name: string;
  fabricId: string;
  fabricName: string;
  createdByName: string;
  maker: MakerStatus;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
};

/** An issuer whose workloads read one of the team's fabrics. */
export type TeamIssuer = {
  id: string;
  name: string;
  issuer: string;
  subject: string;
  fabricId: string;
  fabricName: string;
  createdByName: string;
  createdAt: Date;
  maker: MakerStatus;
};

/** What is shown once: the token, and where a pipeline sends it. */
export type NewToken = { id: string; token: string };

/** Whether a token still works. */
export type TokenStatus = "active" | "expired" | "revoked";

/** The status of a pipeline's or a person's token at `now`. */
export function tokenStatus(
  { expiresAt, revokedAt }: { expiresAt: Date | null; revokedAt: Date | null },
  now: Date,
): TokenStatus {
  if (revokedAt) return "revoked";
  return expiresAt && expiresAt <= now ? "expired" : "active";
}
