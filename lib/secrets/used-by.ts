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

/** The first secrets whose rotation signs in with this one, as their administrator’s, by name. */
export async function listUsingRotations(
  { fabricId }: Scope<"secret:list">,
  secretId: string,
): Promise<SecretDetail["rotations"]> {
  const rows = await db.passwordRotation.findMany({
    where: { fabricId, ...rotates(secretId) },
    orderBy: { secret: { nameKey: "asc" } },
    take: maxShownConnections,
    select: { secret: { select: { id: true, name: true } } },
  });
  return rows.map(({ secret }) => secret);
}

/** Names what uses a secret and so keeps it from being deleted, in a sentence. Null for nothing. */
export async function nameUsers(tx: Tx, secretId: string): Promise<string | null> {
  const connections = await nameUsingConnections(tx, secretId);
  const rotations = await nameUsingRotations(tx, secretId);
  return [connections, rotations].filter(Boolean).join(", ") || null;
}

/** Names the connections that use a secret: the first by name, and how many more. Null for none. */
async function nameUsingConnections(tx: Tx, secretId: string): Promise<string | null> {
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

async function nameUsingRotations(tx: Tx, secretId: string): Promise<string | null> {
  const where = rotates(secretId);
  const first = await tx.passwordRotation.findMany({
    where,
    orderBy: { secret: { nameKey: "asc" } },
    take: maxShownConnections,
    select: { secret: { select: { name: true } } },
  });
  if (first.length === 0) return null;
  const more = (await tx.passwordRotation.count({ where })) - first.length;
  const names = first.map(({ secret }) => secret.name).join(", ") + (more > 0 ? ` and ${more} more` : "");
  return `the rotation of ${names}`;
}

/** The rotations of secrets in the trash do not run, as connections there use nothing. */
function rotates(administratorId: string): Prisma.PasswordRotationWhereInput {
  return { administratorId, secret: { deletedAt: null } };
}

function uses(secretId: string): Prisma.ConnectionWhereInput {
  return { secrets: { some: { secretId } } };
}
