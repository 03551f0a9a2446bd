import * as z from "zod";
import {
  type EntryOffer,
  entryLinkName,
  entryLinkNote,
  entryTokenBody,
  maxShownDestinations,
} from "@/lib/internal-api/bodies/entry-link";
import { type SubKind, subKinds } from "@/lib/secrets/kinds/registry";
import { anyValueInput, type EnteredValue, secretName } from "@/lib/secrets/schema";

/** How long a link can be valid. */
export const entryLifetimes = {
  "24": "1 day",
  "72": "3 days",
  "168": "7 days",
  "720": "30 days",
} as const;
const lifetimeKeys = ["24", "72", "168", "720"] as const;

const common = z.object({
  name: entryLinkName,
  note: entryLinkNote,
  lifetime: z.enum(lifetimeKeys, "Choose how long it is valid."),
  destinations: z
    .array(z.string().max(1024))
    .max(maxShownDestinations, `Choose at most ${maxShownDestinations} destinations.`)
    .default([]),
});

/** The inputs of Ask for a value: of an existing secret, or of a new one with this name and type. */
export const askForValueInput = common.extend({ secretId: z.string().max(64) });
export const askForSecretInput = common.extend({ secretName, subKind: z.enum(subKinds) });
export const createEntryLinkInput = z.union([askForValueInput, askForSecretInput]);
export type CreateEntryLinkInput = z.infer<typeof createEntryLinkInput>;

export const revokeEntryLinkInput = z.object({ linkId: z.string().max(64) });
export const showEntryInput = entryTokenBody;

/** What the person with the link enters. Every field of the type. */
export type EnterValueInput = { token: string } & EnteredValue;
/** The largest value that a link accepts, in bytes. Web reads no longer request of somebody who is not signed in. */
export const maxEnteredBytes = 48 * 1024;

// The length comes first: the sentence of a type's own limit would name one that a link does not take.
export const enterValueInput = z
  .unknown()
  .superRefine((input, ctx) => {
    const { data } = z.object({ fields: z.record(z.string(), z.unknown()) }).safeParse(input);
    const sizes = Object.entries(data?.fields ?? {}).map(([field, value]) => ({
      field,
      bytes: sentBytes(value),
    }));
    const [longest] = sizes.toSorted((one, other) => other.bytes - one.bytes);
    if (!longest || sizes.reduce((sum, { bytes }) => sum + bytes, 0) <= maxEnteredBytes) return;
    const what = sizes.length > 1 ? "All fields together" : "A value";
    const message = `${what} may have at most ${maxEnteredBytes / 1024} KiB here. This is longer.`;
    ctx.addIssue({ code: "custom", path: ["fields", longest.field], message, continue: false });
  })
  .pipe(anyValueInput(entryTokenBody.shape));

/** The bytes that a field takes in a request. In JSON, quotation marks and line breaks take two. */
function sentBytes(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  return new TextEncoder().encode(JSON.stringify(value ?? "")).length - 2;
}

/** The page of a person with a link. */
export type ShownOffer = Omit<EntryOffer, "subKind" | "linkId"> & { subKind: SubKind };

/** A link, for the people of the fabric. */
export type EntryLinkSummary = {
  id: string;
  name: string;
  secret: { id: string | null; name: string };
  destinations: string[];
  createdAt: Date;
  createdByName: string;
  expiresAt: Date;
  status: "open" | "used" | "expired" | "revoked";
  usedAt: Date | null;
  revokedByName: string | null;
};

/** A destination to choose from, with the connections that name it. */
export type DestinationOption = { destination: string; subKind: string; connections: string[] };
