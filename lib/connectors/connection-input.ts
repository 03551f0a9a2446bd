import { z } from "zod";

/** A connection as a form holds it. Properties have their API names; a credential field holds the id of its secret. */
export const connectionInput = z.object({
  kind: z.string().max(64),
  name: z.string().max(128),
  properties: z.record(z.string().max(64), z.unknown()),
});
