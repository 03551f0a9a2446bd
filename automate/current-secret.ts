import type { Permission } from "@/lib/access/policy";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db";
import { isSubKind, type SubKind } from "@/lib/secrets/kinds/registry";
import { manifestOf } from "@/lib/secrets/queries";
import type { SecretFacts } from "@/lib/secrets/schema";

/** A secret at its current version, sealed. */
export type CurrentSecret = {
  id: string;
  fabricId: string;
  name: string;
  /** The name it was asked by, which may be a former one. */
  askedAs: string;
  subKind: SubKind;
  version: number;
  /** Field → version in which it was last set. */
  manifest: Readonly<Record<string, number>>;
  facts: SecretFacts;
  /** Version → who entered it. */
  enteredBy: ReadonlyMap<number, string>;
};

/** A secret of the scope's fabric by its id, or null. */
export async function findSecretById(
  scope: Pick<Scope<Permission>, "fabricId">,
  id: string,
): Promise<CurrentSecret | null> {
  const row = await db.secret.findFirst({
    where: { id, fabricId: scope.fabricId, deletedAt: null },
    select: columns,
  });
  return row ? current(row, row.name) : null;
}

/** A secret of the scope's fabric by its name, present or former and whatever its case, or null. */
export async function findSecretByName(
  scope: Pick<Scope<Permission>, "fabricId">,
  name: string,
): Promise<CurrentSecret | null> {
  const row = await db.secretName.findUnique({
    where: {
      fabricId_nameKey: { fabricId: scope.fabricId, nameKey: name.toLowerCase() },
      secret: { deletedAt: null },
    },
    select: { name: true, secret: { select: columns } },
  });
  return row ? current(row.secret, row.name) : null;
}

const columns = {
  id: true,
  fabricId: true,
  name: true,
  subKind: true,
  versions: {
    orderBy: { version: "desc" },
    select: { version: true, manifest: true, facts: true, createdById: true },
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
    facts: unknown;
    createdById: string;
  }[];
};

function current({ id, fabricId, name, subKind, versions }: Row, askedAs: string): CurrentSecret {
  const [newest] = versions;
  if (!newest || !isSubKind(subKind)) throw new Error(`Secret ${id} has no version or an unknown type.`);
  return {
    id,
    fabricId,
    name,
    askedAs,
    subKind,
    version: newest.version,
    manifest: manifestOf(newest.manifest),
    facts: newest.facts as SecretFacts,
    enteredBy: new Map(versions.map(({ version, createdById }) => [version, createdById])),
  };
}
