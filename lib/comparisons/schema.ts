import * as z from "zod";
import { postgresText } from "@/lib/db/text";

/** The most fabrics that one comparison looks at, in addition to its own. */
export const maxOthers = 8;
/** The most names of a list. */
export const maxListed = 1_000;
/** The most differences that a comparison names. */
export const maxDifferences = 500;

const id = postgresText(64);

/**
 * What to compare: the fabric's own names, those that the pipelines with a name read in it, or a list. Listed names
 * are of secrets; a pipeline also reads connections.
 */
export const comparisonInput = z.object({
  with: z.array(id).max(maxOthers, `At most ${maxOthers} fabrics are compared at once.`).default([]),
  pipeline: postgresText(512).optional(),
  names: z
    .array(postgresText(256))
    .max(maxListed, `At most ${maxListed} names are compared at once.`)
    .optional(),
});
export type ComparisonInput = z.output<typeof comparisonInput>;

/** What one fabric has under a name: nothing, or a type of secret or kind of connection. */
export type Found = { type: string; isFormer: boolean } | null;

/** A name that not every fabric has, or not with the same type. `found` is in the order of the fabrics. */
export type Difference = {
  noun: "secret" | "connection";
  name: string;
  /** The type or kind in the fabric itself; null for a listed name that it does not have. */
  expected: string | null;
  found: readonly Found[];
};

export type Comparison = {
  /** The fabrics that were looked at. For a list of names, the fabric itself is the first. */
  fabrics: readonly { id: string; name: string }[];
  /** How many names were looked at, and how many of them differ. */
  names: number;
  different: number;
  /** The first differences by name, at most `maxDifferences`. */
  differences: readonly Difference[];
};
