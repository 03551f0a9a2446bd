import * as z from "zod";
import type { PageRequest } from "@/lib/limits/list-slots";
import { laterPages } from "@/lib/paged-answer";
import { ok } from "@/lib/result";

/** An optional text. Clients send an empty one for an option that nobody set, so it counts as absent. */
export function emptyAsAbsent<T extends z.ZodType>(text: T) {
  return z
    .preprocess((value) => (value === "" ? undefined : value), text.optional())
    .optional()
    .meta({ ...text.meta(), acceptsEmpty: true });
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

/** Rows that web reads at once for a list without `limit`. Larger pages would stop other requests for longer. */
const rowsAtOnce = 500;

/**
 * The answer of a list: one page with `next`, or without `limit` the whole list, which web sends page by page. `load`
 * returns one page under the list's documented name.
 */
export async function listReply<T extends Record<string, unknown>>(
  { limit, after }: { limit: number | undefined; after: string | undefined },
  load: (after: string | undefined, page: PageRequest) => Promise<T & { next: string | null }>,
) {
  const first = await load(after, { limit: limit ?? rowsAtOnce });
  if (limit !== undefined) return ok({ data: first });
  const { next, ...data } = first;
  const later = laterPages(next, async (from) => {
    const { next: following, ...page } = await load(from, { limit: rowsAtOnce, isLater: true });
    return { items: Object.values(page).flat(), next: following };
  });
  return ok({ data, ...(next !== null && { later }) });
}

/** The creator and the last editor of an object, with times (RFC 3339). */
export const who = {
  createdAt: z.string(),
  createdBy: z.string(),
  updatedAt: z.string(),
  updatedBy: z.string(),
};

/** The error for an `after` that is not a cursor of this list and sort order. */
export const foreignCursor = "`after` is not a cursor of this list and sort order.";
