import "server-only";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db/client";
import { listAuthorityNames } from "@/lib/destinations/queries";
import { listNamedDestinations } from "@/lib/entry-links/destinations";
import type { DestinationOption, EntryLinkSummary } from "@/lib/entry-links/schema";
import { NotFound } from "@/lib/result";
import { isSubKind, type SubKind } from "@/lib/secrets/kinds/registry";

/** How many links the page lists. */
export const maxShownLinks = 100;

const columns = {
  ...{ id: true, name: true, secretId: true, secretName: true, destinations: true, createdAt: true },
  ...{ createdByName: true, expiresAt: true, revokedAt: true, revokedByName: true },
  use: { select: { usedAt: true, secretId: true } },
} as const;

/** The newest entry links of a fabric. */
export async function listEntryLinks({ fabricId }: Scope<"entry-link:list">): Promise<EntryLinkSummary[]> {
  const rows = await db.entryLink.findMany({
    where: { fabricId },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: maxShownLinks,
    select: columns,
  });
  const ids = rows.flatMap(({ secretId, use }) => use?.secretId ?? secretId ?? []);
  const secrets = await db.secret.findMany({
    where: { fabricId, id: { in: ids }, deletedAt: null },
    select: { id: true, name: true },
  });
  const names = new Map(secrets.map(({ id, name }) => [id, name]));
  return rows.map(({ secretId, secretName, use, revokedAt, ...row }) => {
    const id = use?.secretId ?? secretId;
    const name = id === null ? undefined : names.get(id);
    return {
      ...row,
      secret: { id: name === undefined ? null : id, name: name ?? secretName },
      status: use ? "used" : revokedAt ? "revoked" : row.expiresAt <= new Date() ? "expired" : "open",
      usedAt: use?.usedAt ?? null,
    };
  });
}

/** The names of the CA certificates that the destinations of these links trust. */
export function listShownAuthorities(
  scope: Scope<"entry-link:list">,
  links: readonly EntryLinkSummary[],
): Promise<Record<string, string>> {
  return listAuthorityNames(
    scope,
    links.flatMap(({ destinations }) => destinations),
  );
}

/** The secret that a link can be created for. Throws `NotFound`. */
export async function getEntrySecret(
  { fabricId }: Scope<"entry-link:list">,
  secretId: string,
): Promise<{ id: string; name: string; subKind: SubKind; connections: number }> {
  const row = await db.secret.findFirst({
    where: { id: secretId, fabricId, deletedAt: null },
    select: { id: true, name: true, subKind: true },
  });
  if (!row || !isSubKind(row.subKind)) throw new NotFound("Secret not found.");
  const connections = await db.connection.count({ where: { fabricId, secrets: { some: { secretId } } } });
  return { ...row, subKind: row.subKind, connections };
}

/** The destinations that a link can show: of one secret, or for a new one, of the whole fabric. */
export async function listDestinationOptions(
  scope: Scope<"entry-link:list">,
  secretId?: string,
): Promise<{ options: DestinationOption[]; authorities: Record<string, string> }> {
  const options = await listNamedDestinations(db, scope, secretId);
  const keys = options.map(({ destination }) => destination);
  return { options, authorities: await listAuthorityNames(scope, keys) };
}
