import { db, type Prisma } from "@/lib/db/client";

/** A saved connection that uses a secret, with its settings as a check takes them. */
export type UsingConnection = {
  id: string;
  name: string;
  kind: string;
  configHash: string;
  properties: Record<string, unknown>;
};

const columns = {
  id: true,
  name: true,
  kind: true,
  configHash: true,
  properties: true,
  secrets: { select: { field: true, secretId: true } },
} as const;

/** The connections of a fabric that use a secret, by name; with `ids`, only these. */
export async function findConnectionsToCheck(
  fabricId: string,
  secretId: string,
  ids?: readonly string[],
): Promise<UsingConnection[]> {
  const rows = await db.connection.findMany({
    where: { fabricId, secrets: { some: { secretId } }, ...(ids ? { id: { in: [...ids] } } : {}) },
    orderBy: { nameKey: "asc" },
    select: columns,
  });
  return rows.map(({ properties, secrets, ...row }) => ({
    ...row,
    properties: {
      ...(properties as Prisma.JsonObject),
      ...Object.fromEntries(secrets.map(({ field, secretId: id }) => [field, id])),
    },
  }));
}
