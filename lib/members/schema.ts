import type { MemberRole } from "@/lib/teams/schema";

/** How many things of each sort a member's page names: the newest. The others are counted. */
export const maxShownThings = 20;

/** Something that a member created in a fabric of the team. */
export type CreatedThing = {
  id: string;
  name: string;
  fabricId: string;
  fabricName: string;
  createdAt: Date;
  /** Of a secret and a pipeline token. */
  lastUsedAt: Date | null;
};

/** Things of one sort: the newest that the viewer may see, how many these are, and how many are in deleted fabrics. */
export type CreatedThings = { newest: readonly CreatedThing[]; count: number; inDeletedFabrics: number };

/** What a member created in the fabrics of a team, and the secrets that their connections use. */
export type MemberDetail = {
  userId: string;
  name: string;
  email: string;
  role: MemberRole;
  since: Date;
  secrets: CreatedThings;
  connections: CreatedThings;
  pipelineTokens: CreatedThings;
  /** Secrets that are referenced by connections which the member created. */
  usedSecrets: CreatedThings;
  /** The team's fabrics, for links to Activity. */
  fabrics: readonly { id: string; name: string }[];
};
