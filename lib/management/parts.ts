import { z } from "zod";

/** Text of a query that the database can compare with what it holds: it knows no NUL. */
const search = z
  .string()
  .trim()
  .max(128)
  .regex(/^[^\0]*$/, "A character here cannot be searched for.");

/** Query of a list: all of it, or a page of at most `limit` after the place where the last one ended. */
export const listQuery = z.object({
  search: search.optional().meta({ description: "Only what has this in its name or description." }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(500)
    .optional()
    .meta({ description: "The size of a page; without it the answer holds everything." }),
  after: search.max(512).optional().meta({ description: "`next` of the page before." }),
});

/** Who made a thing and changed it last, and when (RFC 3339). */
export const who = {
  createdAt: z.string(),
  createdBy: z.string(),
  updatedAt: z.string(),
  updatedBy: z.string(),
};
