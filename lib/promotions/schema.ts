import * as z from "zod";
import { connectionName } from "@/lib/connections/schema";
import { postgresText } from "@/lib/db/text";
import { maxCopied } from "@/lib/internal-api/bodies/copied-secrets";
import type { SubKind } from "@/lib/secrets/kinds/registry";
import { secretName } from "@/lib/secrets/schema";

/** The most connections that are promoted at once. */
export const maxPromoted = 50;

const id = postgresText(64);
const connectionIds = z
  .array(id)
  .min(1, "Choose at least one connection.")
  .max(maxPromoted, `At most ${maxPromoted} connections are promoted at once.`);

/** Connections of the action's fabric, and the fabric that they are to be promoted to. */
export const planInput = z.object({ toFabricId: id, connectionIds });
export type PlanInput = z.output<typeof planInput>;

/** A connection to promote. `nameProblem` says why its name cannot be used there. */
export type PlannedConnection = {
  id: string;
  name: string;
  kind: string;
  /** Where its settings point, such as "db.example.com:5432". */
  hosts: string[];
  nameProblem: string | null;
};

/** A secret that the connections use. `there` is the secret with the same name and a fitting type, if one exists. */
export type PlannedSecret = {
  id: string;
  name: string;
  subKind: SubKind;
  /** The types that every field which uses it accepts. */
  subKinds: SubKind[];
  usedBy: string[];
  there: { id: string; name: string } | null;
  /** True when a secret there has the name, with whatever type, so that a copy needs another. */
  isNameTaken: boolean;
  /** True when Selvage rotates it, so that a copy of its value works until the next rotation. */
  isRotated: boolean;
};

export type PromotionPlan = {
  toFabricId: string;
  toName: string;
  connections: PlannedConnection[];
  secrets: PlannedSecret[];
  /** True for an Admin of both fabrics. */
  mayCopy: boolean;
};

/** What each connection uses in the new fabric for a secret: one that is there, or a copy. */
export const secretUse = z.discriminatedUnion("way", [
  z.object({ way: z.literal("existing"), secretId: id, useId: id }),
  z.object({ way: z.literal("copy"), secretId: id, name: secretName }),
]);
export type SecretUse = z.output<typeof secretUse>;

/** What is promoted into the action's fabric. */
export const promoteInput = z
  .object({
    fromFabricId: id,
    connections: z
      .array(z.object({ id, name: connectionName }))
      .min(1)
      .max(maxPromoted),
    secrets: z.array(secretUse).max(500),
  })
  .refine(({ secrets }) => secrets.filter(({ way }) => way === "copy").length <= maxCopied, {
    message: `At most ${maxCopied} values are copied at once.`,
    path: ["secrets"],
  });
export type PromoteInput = z.output<typeof promoteInput>;

/** The promoted connections, with their new ids, and how many values were copied. */
export type Promoted = { connections: { id: string; name: string }[]; copied: number };

/** A promotion by names, into the fabric of the request. A secret without a choice becomes the one with its name there. */
export const promoteByNameInput = z.object({
  from: id.meta({ description: "The id of the fabric whose connections are promoted." }),
  connections: z
    .array(
      z.object({
        name: postgresText(128),
        as: connectionName.optional().meta({ description: "Another name in this fabric." }),
      }),
    )
    .min(1)
    .max(maxPromoted),
  secrets: z
    .array(
      z.object({
        name: postgresText(128).meta({ description: "The name of a secret in the other fabric." }),
        use: postgresText(128).meta({ description: "The name of the secret of this fabric to use instead." }),
      }),
    )
    .max(500)
    .default([])
    .meta({ description: "Without a choice, the secret with the same name and a fitting type is used." }),
});
export type PromoteByNameInput = z.output<typeof promoteByNameInput>;

/** What a promotion by names would store. `problems` has a sentence for each name that stands in its way. */
export type NamedPlan = {
  connections: { name: string; as: string; kind: string; hosts: string[] }[];
  /** `use` is the name of the secret in the new fabric; null when none fits. */
  secrets: { name: string; subKind: SubKind; usedBy: string[]; use: string | null }[];
  problems: Record<string, string>;
};
