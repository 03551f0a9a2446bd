import * as z from "zod";
import { publicKeySet } from "@/lib/access/issuer-keys";
import { confirmedConnections, tokenLimits, tokenName } from "@/lib/internal-api/bodies/pipeline-token";

/** A trusted issuer: its address, the audience of its tokens, and which workloads may use them. */
export const trustFields = z.object({
  name: tokenName,
  issuer: z
    .string()
    .trim()
    .max(512, "The address is longer than 512 characters.")
    .refine(
      isIssuer,
      "Enter the issuer's address exactly as in “iss” of its tokens, starting with https://.",
    ),
  audience: z
    .string()
    .trim()
    .min(1, "Enter the audience, as in “aud” of the tokens.")
    .max(256, "Audience is longer than 256 characters.")
    .regex(/^\P{Cc}*$/u, "Audience contains an invalid character."),
  subject: z
    .string()
    .trim()
    .max(512, "The pattern is longer than 512 characters.")
    .regex(/^\P{Cc}*$/u, "The pattern contains an invalid character.")
    .refine(
      (pattern) => pattern.replace(/[*:/]/g, "").length >= 3,
      "Enter a narrower pattern: it needs at least three characters other than “*”, “:” and “/”.",
    ),
});

/** The input that adds a trusted issuer. */
export const createIssuerBody = trustFields.extend({
  keys: publicKeySet.optional(),
  limits: tokenLimits.optional(),
});

/** Why automate did not trust an issuer after requesting its keys. */
export const issuerProblems = {
  name_not_found: "No server has this name.",
  address_refused:
    "Automate may not connect to this address. An operator can allow private ranges with EGRESS_ALLOW.",
  unreachable: "Automate cannot reach this address.",
  timed_out: "The issuer did not answer in time.",
  tls_untrusted:
    "The issuer's certificate is not trusted. An operator can add its authority with NODE_EXTRA_CA_CERTS, or paste the issuer's keys below.",
  no_discovery:
    "The issuer has no public OpenID Connect Discovery document at /.well-known/openid-configuration. Paste its keys below.",
  other_issuer: "The issuer uses another address. Enter it exactly as in “iss” of its tokens.",
  no_keys:
    "The issuer's keys cannot be read, or none is RSA with at least 2048 bits, EC or Ed25519. Paste its keys below.",
} as const;
export type IssuerProblem = keyof typeof issuerProblems;
export const issuerProblemKeys = Object.keys(issuerProblems) as [IssuerProblem, ...IssuerProblem[]];

export const confirmIssuerInput = z.object({
  issuerId: z.string().max(64),
  connections: confirmedConnections,
});
export type ConfirmIssuerInput = z.infer<typeof confirmIssuerInput>;

/** With plain http, a man in the middle could replace the issuer's keys, so only loopback may use it. */
function isIssuer(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  const isLoopback = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  const isSafe = url.protocol === "https:" || (url.protocol === "http:" && isLoopback);
  // The URL parser reports an empty query or fragment as none, but it would change the path of the key
  // requests.
  return isSafe && !url.username && !url.password && !/[?#]/.test(address);
}
