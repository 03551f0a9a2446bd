import * as z from "zod";

/** Chooses one of the team's own master keys by its fingerprint. Null chooses the primary of the installation. */
export const chooseMasterKeyInput = z.object({ fingerprint: z.string().min(1).max(64).nullable() });
