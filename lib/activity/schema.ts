import * as z from "zod";
import { activityFilters } from "@/lib/audit/schema";

/** The period of "Who had access", from the URL: days in UTC or moments. */
export const accessPeriod = z.object({
  from: activityFilters.from.optional().catch(undefined),
  to: activityFilters.to.optional().catch(undefined),
});

/** What the log says about one actor's uses of a secret in a period. */
export type Uses = {
  first: Date;
  last: Date;
  /** How often, at most `maxCounted`. */
  times: number;
  /** True when there were more than `times`. */
  isMore: boolean;
};

/** The most uses of one actor that are counted. */
export const maxCounted = 100;

/** A person, token or workload that could use a secret in a period: since when, until when, and its acts. */
export type Accessor = {
  id: string;
  kind: "person" | "token" | "issuer" | "system" | "unknown";
  name: string;
  /** Null when the log does not say. */
  since: Date | null;
  /** Null when they still can. */
  until: Date | null;
  /** How the access ended. */
  ended?: "revoked" | "expired" | "removed" | "left";
  /** What limits a token or an issuer to, of this secret: everything, this secret, or connections that use it. */
  reach?: "fabric" | "secret" | "connection" | "unknown";
  role?: "user" | "admin";
  uses: Uses | null;
};

/** All that could use one secret in a period, and their acts. */
export type SecretAccess = {
  secret: { id: string; name: string; createdAt: Date | null; deletedAt: Date | null };
  pipelines: Accessor[];
  people: Accessor[];
  others: Accessor[];
  /** When the fabric was deleted, out of reach for everybody. */
  outOfReach: { from: Date; until: Date | null }[];
  /** Events of the period until then were removed, so the log does not say who used the secret; null when none were. */
  removedUntil: Date | null;
};
