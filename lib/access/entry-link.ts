import "server-only";
import { createHash, randomBytes } from "node:crypto";
import { v7 as uuidv7 } from "uuid";
import { fabricState } from "@/lib/access/fabric-state";
import { type GrantedFabric, grant, type Scope } from "@/lib/access/scope";
import type { Db, Tx } from "@/lib/db/client";
import { preparedQuery } from "@/lib/db/prepared";

/** A link by which somebody can enter a value now. */
export type OpenEntryLink = {
  id: string;
  name: string;
  note: string;
  /** The secret whose value it replaces; null if it creates the secret. */
  secretId: string | null;
  secretName: string;
  subKind: string;
  destinations: string[];
  expiresAt: Date;
  createdById: string;
  createdByName: string;
  createdByEmail: string;
  fabricId: string;
  fabricName: string;
  teamId: string;
  teamName: string;
} & Pick<GrantedFabric, "accessEpoch" | "isDeleted">;

/**
 * Links that are neither used, revoked nor expired, whose creator has had access to the fabric ever since, and whose
 * secret, if there is one, is not deleted.
 */
const openLinks = `
  SELECT l.id, l.name, l.note, l."secretId", coalesce(s.name, l."secretName") AS "secretName", l."subKind", l.destinations, l."expiresAt",
    l."createdById", l."createdByName", p.email AS "createdByEmail", f.id AS "fabricId", f.name AS "fabricName", f."teamId",
    t.name AS "teamName", ${fabricState}
  FROM entry_link l
  JOIN fabric f ON f.id = l."fabricId"
  JOIN team t ON t.id = f."teamId"
  JOIN membership m ON m."teamId" = f."teamId" AND m."userId" = l."createdById" AND m."createdAt" <= l."createdAt"
  JOIN app_user p ON p.id = l."createdById" AND p."lockedAt" IS NULL AND p."accessEpoch" = l."createdEpoch"
  LEFT JOIN secret s ON s.id = l."secretId" AND s."fabricId" = l."fabricId" AND s."deletedAt" IS NULL
  WHERE l."revokedAt" IS NULL AND l."expiresAt" > clock_timestamp() AND (l."secretId" IS NULL OR s.id IS NOT NULL)
    AND NOT EXISTS (SELECT FROM entry_link_use u WHERE u."linkId" = l.id)`;

const findById = preparedQuery<OpenEntryLink>(`${openLinks} AND l.id = $1`);
const findByHash = preparedQuery<OpenEntryLink>(`${openLinks} AND l."tokenHash" = $1`);

/** The link with this id, or null. The caller must have proved that they know its token. */
export async function findOpenEntryLink(id: string, client?: Db | Tx): Promise<OpenEntryLink | null> {
  const [link] = await (client ? findById.within(client, id) : findById(id));
  return link && !link.isDeleted ? link : null;
}

/** The link of this token, or null. Web may not read the hash, so only automate can call this. */
export async function findEntryLinkByToken(token: string): Promise<OpenEntryLink | null> {
  const [link] = await findByHash(hashEntryToken(token));
  return link && !link.isDeleted ? link : null;
}

/** A new token with its id, and its hash. Only the hash is stored; random bits need no slow hash. */
export function newEntryToken(): { id: string; token: string; tokenHash: string } {
  const id = uuidv7();
  const token = `sve_${id}.${randomBytes(32).toString("base64url")}`;
  return { id, token, tokenHash: hashEntryToken(token) };
}

export function hashEntryToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

/** The link as the author of what was entered with it. */
export function entryLinkActor({ id, name }: { id: string; name: string }) {
  return { kind: "link", id, name: `Entry link “${name}”` } as const;
}

/** Proof that a value may be entered by this link: for its secret alone, once. */
export function authorizeEntry(link: OpenEntryLink): Scope<"entry-link:use"> {
  const { fabricId: id, teamId, accessEpoch, isDeleted } = link;
  return grant(entryLinkActor(link), "link", { id, teamId, accessEpoch, isDeleted }, "entry-link:use");
}

/** Locks the link until the transaction ends, so that of a use and a revocation, the second sees the first. */
export async function lockEntryLink(tx: Tx, id: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`entry link ${id}`}, 0))`;
}
