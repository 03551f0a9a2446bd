import * as z from "zod";

/** A connection in a form. Properties use their API names; a credential field holds a secret's id. */
export const connectionInput = z.object({
  kind: z.string().max(64),
  name: z.string().max(128),
  properties: z.record(z.string().max(64), z.unknown()),
});
