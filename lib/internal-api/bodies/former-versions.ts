import * as z from "zod";

/** How many former versions a fabric keeps readable for pipelines. */
export const formerVersionChoices = [0, 1, 2, 5, 10] as const;
export const formerVersions = z.literal(formerVersionChoices);
export type FormerVersions = z.infer<typeof formerVersions>;

export const setFormerVersionsInput = z.object({ formerVersions });
