import { z } from "zod";

/** An optional text. Clients send an empty one for an option that nobody set, so it counts as absent. */
export function emptyAsAbsent<T extends z.ZodType>(text: T) {
  return z.preprocess((value) => (value === "" ? undefined : value), text.optional()).optional();
}

/** Query of a list: all of it, or a page of at most `limit` rows after the cursor `after`. */
export const listQuery = z.object({
  search: z
    .string()
    .trim()
    .max(128)
    .optional()
    .meta({ description: "Only those with this text in their name or description." }),
  limit: z
    .string()
    .regex(/^([1-9]\d?|[1-4]\d\d|500)$/, "Send a number from 1 to 500.")
    .transform(Number)
    .pipe(z.int().min(1).max(500))
    .optional()
    .meta({ description: "The page size. Without it, the answer contains everything." }),
  after: z.string().max(2048).optional().meta({ description: "`next` of the previous page." }),
});

/** Who created and last changed an object, and when (RFC 3339). */
export const who = {
  createdAt: z.string(),
  createdBy: z.string(),
  updatedAt: z.string(),
  updatedBy: z.string(),
};

/** The error for an `after` that is not a cursor of this list and sort order. */
export const foreignCursor = "`after` is not a cursor of this list and sort order.";
