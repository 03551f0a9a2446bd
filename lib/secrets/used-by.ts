import "server-only";
import type { Scope } from "@/lib/access/scope";
import { db, type Prisma, type Tx } from "@/lib/db/client";
import { maxShownConnections, type SecretDetail } from "@/lib/secrets/schema";

/** The first connections that use a secret, by name, at most `maxShownConnections`. */
export function listUsingConnections(
  { fabricId }: Scope<"secret:list">,
  secretId: string,
): Promise<SecretDetail["connections"]> {
  return db.connection.findMany({
    where: { fabricId, ...uses(secretId) },
    orderBy: { nameKey: "asc" },
    take: maxShownConnections,
    select: { id: true, name: true, kind: true },
  });
}

/** Names the connections that use a secret, in a sentence: the first by name, and how many more. Null for none. */
export async function nameUsingConnections(tx: Tx, secretId: string): Promise<string | null> {
  const where = uses(secretId);
  const first = await tx.connection.findMany({
    where,
    orderBy: { nameKey: "asc" },
    take: maxShownConnections,
    select: { name: true },
  });
  if (first.length === 0) return null;
  const more = first.length < maxShownConnections ? 0 : (await tx.connection.count({ where })) - first.length;
  return first.map(({ name }) => name).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function uses(secretId: string): Prisma.ConnectionWhereInput {
  return { secrets: { some: { secretId } } };
}
