import * as z from "zod";

/** The body of undoing a deletion. `name` is a new name, when another fabric took the former one. */
export const restoreFabricBody = z.object({
  fabricId: z.uuid(),
  name: z
    .string()
    .min(1)
    .max(128)
    .regex(/^\P{Cc}*$/u)
    .optional(),
});
export type RestoreFabricBody = z.infer<typeof restoreFabricBody>;

/** Why a deletion cannot be undone. */
export const restoreProblems = ["name_taken", "too_late"] as const;
