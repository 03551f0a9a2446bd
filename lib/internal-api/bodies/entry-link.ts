import * as z from "zod";

/** How many destinations a link may show: more, and nobody reads them. */
export const maxShownDestinations = 20;
/** How long a link may be valid, in hours. */
export const maxEntryHours = 30 * 24;

/** For whom a link is. */
export const entryLinkName = z
  .string()
  .trim()
  .min(1, "Enter for whom it is.")
  .max(64, "This is longer than 64 characters.")
  .regex(/^\P{Cc}*$/u, "This contains a character that cannot be displayed.");
export const entryLinkNote = z
  .string()
  .trim()
  .max(280, "The message is longer than 280 characters.")
  .regex(/^[^\0]*$/, "The message contains a character that cannot be stored.")
  .default("");

/** The body of a new link. Its secret exists, or is created when the value is entered. */
export const createEntryLinkBody = z.object({
  name: entryLinkName,
  note: entryLinkNote,
  secret: z.union([
    z.object({ id: z.string().max(64) }),
    z.object({ name: z.string().max(128), subKind: z.string().max(64) }),
  ]),
  destinations: z.array(z.string().max(1024)).max(maxShownDestinations),
  hours: z.number().int().min(1).max(maxEntryHours),
});

/** `sve_`, the link's id, and 256 random bits. */
const tokenPattern = /^sve_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.[\w-]{43}$/;
export const entryTokenBody = z.object({ token: z.string().regex(tokenPattern) });

/** The id in a token; null for a text that is no token. */
export function linkIdOf(token: string): string | null {
  return tokenPattern.exec(token)?.[1] ?? null;
}

/** What the person with the link is shown. */
export const entryOffer = z.object({
  linkId: z.string(),
  linkName: z.string(),
  note: z.string(),
  secretName: z.string(),
  isNew: z.boolean(),
  subKind: z.string(),
  fabricName: z.string(),
  teamName: z.string(),
  askedByName: z.string(),
  askedByEmail: z.string(),
  expiresAt: z.iso.datetime(),
  /** Each in words. */
  destinations: z.array(z.string()),
});
export type EntryOffer = z.infer<typeof entryOffer>;
