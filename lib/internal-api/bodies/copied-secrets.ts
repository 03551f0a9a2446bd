/** Why secrets were not copied. Nothing of them was stored. */
export const copyProblems = ["name_taken", "not_found", "cannot_open"] as const;
export type CopyProblem = (typeof copyProblems)[number];

/** The most secrets that are copied at once. */
export const maxCopied = 50;
