import * as z from "zod";

/** The warehouse providers that a fabric can have, with their labels. */
export const providers = {
  none: "None",
  databricks: "Databricks",
  bigquery: "BigQuery",
  snowflake: "Snowflake",
} as const;
export type Provider = keyof typeof providers;
export const providerKeys = ["none", "databricks", "bigquery", "snowflake"] as const satisfies Provider[];

export const fabricName = z
  .string()
  .trim()
  .min(1, "Enter a name.")
  .max(128, "Name is longer than 128 characters.")
  .regex(/^\P{Cc}*$/u, "Name contains a character that cannot be displayed.");
export const fabricDescription = z
  .string()
  .trim()
  .max(500, "Description is longer than 500 characters.")
  .regex(/^[^\0]*$/, "Description contains a character that cannot be stored.")
  .default("");

/** The input of Create fabric. The action's scope determines its team. */
export const createFabricInput = z.object({
  name: fabricName,
  description: fabricDescription,
  provider: z.enum(providerKeys, "Choose a provider.").default("none"),
});
export type CreateFabricInput = z.infer<typeof createFabricInput>;

/** The form of Create fabric: the input, and the team that becomes the scope. */
export const createFabricForm = createFabricInput.extend({ teamId: z.string().min(1, "Choose a team.") });

/** The input of Edit Basic info. Team and provider cannot change. */
export const updateFabricInput = z.object({ name: fabricName, description: fabricDescription });
export type UpdateFabricInput = z.infer<typeof updateFabricInput>;

/** The input of undoing a deletion: another name, if its own was taken meanwhile. */
export const restoreFabricInput = z.object({ name: fabricName.optional() });
export type RestoreFabricInput = z.infer<typeof restoreFabricInput>;

/** The state of the Metadata page, from the URL. */
export const fabricListQuery = z.object({
  search: z.string().trim().max(128).catch("").default(""),
  provider: z.enum(providerKeys).optional().catch(undefined),
  team: z.string().max(64).optional().catch(undefined),
  after: z.string().max(2048).optional().catch(undefined),
  before: z.string().max(2048).optional().catch(undefined),
});
export type FabricListQuery = z.infer<typeof fabricListQuery>;

/** A row of the Metadata page. */
export type FabricSummary = {
  id: string;
  name: string;
  description: string;
  team: { id: string; name: string };
  provider: Provider;
  secrets: number;
  connections: number;
  createdAt: Date;
  createdByName: string;
};

/** A deleted fabric that is not destroyed yet. */
export type DeletedFabric = {
  id: string;
  name: string;
  team: { id: string; name: string };
  deletedAt: Date;
  deletedByName: string;
  destroyAt: Date;
  /** The label of the team's master key that was chosen for it. Selvage does not delete that key. */
  ownMasterKey: string | null;
  /** True when the time to undo it has passed. */
  isBeingDestroyed: boolean;
  /** True when the person is an Admin of its team, and so can undo it. */
  canRestore: boolean;
};

/** One page of fabrics. A cursor is null when no further page exists. */
export type FabricPage = {
  fabrics: FabricSummary[];
  next: string | null;
  previous: string | null;
  /** True when the person's teams have no fabric. */
  isEmpty: boolean;
};

/** A fabric's Basic info, with the names of Admins, who may change it. */
export type FabricDetail = FabricSummary & { admins: string[] };

/** One of the person's teams, for the Metadata page. */
export type FabricTeam = { id: string; name: string; isAdmin: boolean; admins: string[] };
