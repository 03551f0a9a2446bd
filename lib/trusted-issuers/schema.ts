import { z } from "zod";
import { publicKeySet, readKeys } from "@/lib/access/issuer-keys";
import {
  confirmedConnections,
  type LimitSummary,
  limitInput,
  tokenLimits,
  tokenName,
} from "@/lib/pipeline-tokens/schema";

/** Whose tokens are trusted, made for whom, and for which workloads. */
const trust = z.object({
  name: tokenName,
  issuer: z
    .string()
    .trim()
    .max(512, "The address is longer than 512 characters.")
    .refine(isIssuer, "Enter the issuer's address as its tokens have it in “iss”, beginning with https://."),
  audience: z
    .string()
    .trim()
    .min(1, "Enter what the tokens have in “aud”.")
    .max(256, "Audience is longer than 256 characters.")
    .regex(/^\P{Cc}*$/u, "Audience holds a character that cannot be compared."),
  subject: z
    .string()
    .trim()
    .max(512, "The pattern is longer than 512 characters.")
    .regex(/^\P{Cc}*$/u, "The pattern holds a character that cannot be compared.")
    .refine(
      (pattern) => pattern.replace(/[*:/]/g, "").length >= 3,
      "Say which workloads: a pattern has at least three characters besides “*”, “:” and “/”.",
    ),
});

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
export const createIssuerInput = trust.extend({ ...limitInput.shape, keys: keysText });
export type CreateIssuerInput = z.infer<typeof createIssuerInput>;

/** The same, as automate is asked for it. */
export const createIssuerBody = trust.extend({
  keys: publicKeySet.optional(),
  limits: tokenLimits.optional(),
});

/** Why an issuer was not trusted, when automate asked it for its keys. */
export const issuerProblems = {
  name_not_found: "There is no server of this name.",
  address_refused: "Automate may not reach this address. An operator opens private ranges by EGRESS_ALLOW.",
  unreachable: "Nothing answers at this address.",
  timed_out: "The issuer did not answer in time.",
  tls_untrusted:
    "The issuer's certificate is not trusted. An operator adds its authority by NODE_EXTRA_CA_CERTS; or paste its keys below.",
  no_discovery:
    "The issuer has no OpenID Connect Discovery at /.well-known/openid-configuration, or does not let everyone read it. Paste its keys below.",
  other_issuer:
    "The issuer calls itself by another address. Enter what its tokens have in “iss”, letter for letter.",
  no_keys:
    "The issuer's keys cannot be read, or none is RSA of 2048 bits or more, EC or Ed25519. Paste its keys below.",
} as const;
export type IssuerProblem = keyof typeof issuerProblems;
export const issuerProblemKeys = Object.keys(issuerProblems) as [IssuerProblem, ...IssuerProblem[]];

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

export const confirmIssuerInput = z.object({
  issuerId: z.string().max(64),
  connections: confirmedConnections,
});
export type ConfirmIssuerInput = z.infer<typeof confirmIssuerInput>;

/** An issuer that a fabric trusts. */
export type IssuerSummary = {
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

/** Plain http would let anybody in between name the keys, so it is for loopback alone. */
function isIssuer(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  const isLoopback = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  const isSafe = url.protocol === "https:" || (url.protocol === "http:" && isLoopback);
  // An empty query or fragment is none in a URL, but would lead the requests for its keys to another path.
  return isSafe && !url.username && !url.password && !/[?#]/.test(address);
}
