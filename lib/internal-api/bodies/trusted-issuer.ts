import { z } from "zod";
import { publicKeySet } from "@/lib/access/issuer-keys";
import { confirmedConnections, tokenLimits, tokenName } from "@/lib/internal-api/bodies/pipeline-token";

/** A trusted issuer: its address, the audience of its tokens, and which workloads may use them. */
export const trustFields = z.object({
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

/** The input that adds a trusted issuer. */
export const createIssuerBody = trustFields.extend({
  keys: publicKeySet.optional(),
  limits: tokenLimits.optional(),
});

/** Why automate did not trust an issuer after requesting its keys. */
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
