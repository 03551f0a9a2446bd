import * as z from "zod";
import { readKeys } from "@/lib/access/issuer-keys";
import { trustFields } from "@/lib/internal-api/bodies/trusted-issuer";
import { type LimitSummary, limitInput } from "@/lib/pipeline-tokens/schema";

/** Pasted keys, as text. Empty if automate should fetch them from the issuer. */
const keysText = z
  .string()
  .max(32_000, "Too many keys.")
  .default("")
  .superRefine((text, ctx) => {
    const read = text.trim() === "" ? null : readKeys(text);
    if (read && "problem" in read) ctx.addIssue({ code: "custom", message: read.problem });
  });

/** The input that trusts an issuer, for a whole fabric or a part of it. */
export const createIssuerInput = trustFields.extend({ ...limitInput.shape, keys: keysText });
export type CreateIssuerInput = z.infer<typeof createIssuerInput>;

/** The default audience of tokens for a fabric's workloads. */
export function audienceOf(fabricId: string): string {
  return `selvage:${fabricId}`;
}

/**
 * True when an audience names this fabric and no other. Such a token cannot be used for another fabric,
 * whatever other teams trust.
 */
export function namesFabric(audience: string, fabricId: string): boolean {
  const ids = audience.match(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/gi) ?? [];
  return ids.length > 0 && ids.every((id) => id === fabricId);
}

export const removeIssuerInput = z.object({ issuerId: z.string().max(64) });

/** An issuer that a fabric trusts. */
export type TrustedIssuerSummary = {
  id: string;
  name: string;
  issuer: string;
  audience: string;
  subject: string;
  /** Trusted before patterns were bound to parts: `*` also matches `:` and `/`. */
  spansParts: boolean;
  /** For such a pattern, the recent workloads that it would not match within parts. */
  spanned: readonly string[];
  /** True when an Admin pasted its keys. */
  hasOwnKeys: boolean;
  limits: LimitSummary;
  createdAt: Date;
  createdByName: string;
};
