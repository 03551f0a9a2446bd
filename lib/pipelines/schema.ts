import type { TokenStatus } from "@/lib/pipeline-tokens/schema";
import type { SecretReader } from "@/lib/secrets/schema";

/** How many reads of a pipeline, or through a connection, a page lists: the newest. Activity has all. */
export const maxShownReads = 100;

/** The reads of one secret by a pipeline in one way, in the last `usedForDays` days. */
export type PipelineRead = Omit<SecretReader, "pipelineId"> & {
  secretId: string;
  secretName: string;
  /** The secret's current version. */
  currentVersion: number;
};

/** What a pipeline token, or the workloads of a trusted issuer, read. */
export type PipelineDetail = {
  id: string;
  name: string;
  /** "removed" is an issuer that is no longer trusted. */
  kind: "token" | "issuer" | "removed";
  createdAt: Date | null;
  createdByName: string;
  /** Of a token. */
  token: { status: TokenStatus; expiresAt: Date | null; revokedAt: Date | null } | null;
  /** The newest reads, at most `maxShownReads`; `count` has all. */
  reads: readonly PipelineRead[];
  count: number;
  /** The number of distinct secrets that it read, and how many others were deleted since. */
  secrets: number;
  deletedSecrets: number;
  lastReadAt: Date | null;
};
