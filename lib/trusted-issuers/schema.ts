import { z } from "zod";
import { readKeys } from "@/lib/access/issuer-keys";
import { trustFields } from "@/lib/internal-api/bodies/trusted-issuer";
import { type LimitSummary, limitInput } from "@/lib/pipeline-tokens/schema";

/** Keys that were given by hand, as text; empty where the issuer is asked for them. */
const keysText = z
  .string()
  .max(32_000, "These are too many keys.")
  .default("")
  .superRefine((text, ctx) => {
    const read = text.trim() === "" ? null : readKeys(text);
    if (read && "problem" in read) ctx.addIssue({ code: "custom", message: read.problem });
  });

/** Trust an issuer, for all of a fabric or a part of it. */
export const createIssuerInput = trustFields.extend({ ...limitInput.shape, keys: keysText });
export type CreateIssuerInput = z.infer<typeof createIssuerInput>;

/** The audience that a fabric's workloads ask their issuer for, unless an Admin chooses another. */
export function audienceOf(fabricId: string): string {
  return `selvage:${fabricId}`;
}

/**
 * True when an audience names this fabric and none beside: whichever trusts other teams add, a token of this audience is for this
 * fabric alone.
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
  /** It was trusted before patterns were bound to parts: `*` spans `:` and `/`. */
  spansParts: boolean;
  /** Of such a pattern, the workloads that used it of late and that it would not match within parts. */
  spanned: readonly string[];
  /** Its keys were given by hand. */
  hasOwnKeys: boolean;
  limits: LimitSummary;
  createdAt: Date;
  createdByName: string;
};
