import type { Permission } from "@/lib/access/policy";
import type { Scope } from "@/lib/access/scope";
import { type Db, db, type Tx } from "@/lib/db/client";
import { isSubKind, type SubKind } from "@/lib/secrets/kinds/registry";
import { manifestOf } from "@/lib/secrets/queries";
import type { SecretMetadata } from "@/lib/secrets/schema";

/** A secret at its current version, sealed. Pipelines use it. */
export type UsableSecret = {
  id: string;
  fabricId: string;
  name: string;
  /** The requested name, which may be a former one. */
  requestedName: string;
  subKind: SubKind;
  /** For a candidate: minus its number. */
  version: number;
  /** Field → the version that last set it. */
  manifest: Readonly<Record<string, number>>;
  metadata: SecretMetadata;
};

/** `UsableSecret` as Postgres returns it. */
export type UsableSecretRow = Omit<UsableSecret, "manifest" | "subKind"> & {
  subKind: string;
  manifest: Parameters<typeof manifestOf>[0];
};

/** Throws for a type of secret that this version does not know. */
export function toUsableSecret({ subKind, manifest, ...row }: UsableSecretRow): UsableSecret {
  if (!isSubKind(subKind)) throw new Error(`Secret ${row.id} has an unknown type.`);
  return { ...row, subKind, manifest: manifestOf(manifest) };
}

/** `UsableSecret` with the authors of its versions, which checks need. */
export type SecretWithAuthors = UsableSecret & {
  /** Version → the id of the person who entered it. */
  enteredBy: ReadonlyMap<number, string>;
};

/** Returns a secret of the scope's fabric by its id, or null. */
export async function findSecretById(
  scope: Pick<Scope<Permission>, "fabricId">,
  id: string,
  client: Db | Tx = db,
): Promise<SecretWithAuthors | null> {
  const row = await client.secret.findFirst({
    where: { id, fabricId: scope.fabricId, deletedAt: null },
    select: columns,
  });
  return row ? toSecretWithAuthors(row) : null;
}

/** Returns a secret at the value of one of its candidates, or null. */
export async function findCandidateSecret(
  scope: Pick<Scope<Permission>, "fabricId">,
  id: string,
  number: number,
  client: Db | Tx = db,
): Promise<SecretWithAuthors | null> {
  const row = await client.secret.findFirst({
    where: { id, fabricId: scope.fabricId, deletedAt: null },
    select: columns,
  });
  const isStored = row?.versions.some(({ version }) => version === -number);
  return row && isStored ? toSecretWithAuthors(row, -number) : null;
}

const columns = {
  id: true,
  fabricId: true,
  name: true,
  subKind: true,
  versions: {
    orderBy: { version: "desc" },
    select: { version: true, manifest: true, metadata: true, createdById: true },
  },
} as const;

type Row = {
  id: string;
  fabricId: string;
  name: string;
  subKind: string;
  versions: {
    version: number;
    manifest: Parameters<typeof manifestOf>[0];
    metadata: unknown;
    createdById: string;
  }[];
};

/** The secret at its current version, or at another. */
function toSecretWithAuthors(
  { id, fabricId, name, subKind, versions }: Row,
  number?: number,
): SecretWithAuthors {
  // Candidates have negative numbers, so the highest is never one of them.
  const newest = number === undefined ? versions[0] : versions.find(({ version }) => version === number);
  if (!newest || !isSubKind(subKind)) throw new Error(`Secret ${id} has no version or an unknown type.`);
  return {
    id,
    fabricId,
    name,
    requestedName: name,
    subKind,
    version: newest.version,
    manifest: manifestOf(newest.manifest),
    metadata: newest.metadata as SecretMetadata,
    enteredBy: new Map(versions.map(({ version, createdById }) => [version, createdById])),
  };
}
