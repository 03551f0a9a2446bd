import { z } from "zod";
import {
  confirmedConnections,
  type LimitSummary,
  limitInput,
  tokenLimits,
  tokenName,
} from "@/lib/tokens/schema";

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
      (pattern) => pattern.replaceAll("*", "").length >= 3,
      "Say which workloads: a pattern has at least three characters beside “*”.",
    ),
});

/** Trust an issuer, for all of a fabric or a part of it. */
export const createIssuerInput = trust.extend(limitInput.shape);
export type CreateIssuerInput = z.infer<typeof createIssuerInput>;

/** The same, as automate is asked for it. */
export const createIssuerBody = trust.extend({ limits: tokenLimits.optional() });

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
  limits: LimitSummary;
  createdAt: Date;
  createdByName: string;
};

/** True when the subject is as the pattern says; `*` stands for any characters, none too. Linear in both. */
export function matchesSubject(pattern: string, subject: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return subject === first;
  if (!subject.startsWith(first) || !subject.endsWith(last)) return false;
  const end = subject.length - last.length;
  let at = first.length;
  for (const part of rest) {
    const found = subject.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= end;
}

/** Plain http would let anybody in between name the keys, so it is for loopback alone. */
function isIssuer(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  const isLoopback = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  const isSafe = url.protocol === "https:" || (url.protocol === "http:" && isLoopback);
  return isSafe && !url.username && !url.password && !url.search && !url.hash;
}
