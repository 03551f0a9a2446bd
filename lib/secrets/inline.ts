import "server-only";
import { v7 as uuidv7 } from "uuid";
import { db, type Tx } from "@/lib/db/client";
import { prepareSecrets, storeNewSecrets } from "@/lib/secrets/new-secrets";
import { keptDestinationIds, replaceWithin } from "@/lib/secrets/update";
import type { Writer } from "@/lib/secrets/write";
import { suggestName } from "@/lib/suggest-name";

/**
 * A new or updated secret for a value sent in place of a reference. `before` stores it in the connection's
 * transaction.
 */
export type InlineSecret = { secretId: string; before: (tx: Tx) => Promise<void> };

/**
 * Stores a text value that a request contains in place of a reference, as a secret named after the connection.
 * An update of the same connection adds a version to that secret, unless another connection uses it too. So
 * updates leave no unused secrets behind.
 */
export async function inlineSecret(
  scope: Writer,
  {
    value,
    connectionName,
    current,
  }: {
    value: string;
    connectionName: string;
    /** `destinations` are those of the connection as it is now stored: the new value keeps no others. */
    current?: { secretId: string; connectionId: string; destinations: readonly string[] } | undefined;
  },
): Promise<InlineSecret> {
  if (current && (await isUsedOnlyBy(scope, current))) {
    const { secretId } = current;
    // A colleague could put a secret of their own into the connection, which may be sent to their own server.
    const destinationIds = await keptDestinationIds(scope, secretId, current.destinations);
    return {
      secretId,
      before: async (tx) => {
        await replaceWithin(tx, scope, secretId, { subKind: "text", fields: { value } }, destinationIds);
      },
    };
  }
  const name = await availableName(scope, suggestName(connectionName) || "secret");
  const input = { subKind: "text", name, description: "", fields: { value } } as const;
  const secretId = uuidv7();
  return {
    secretId,
    before: async (tx) =>
      storeNewSecrets(scope, await prepareSecrets(scope, [{ id: secretId, input }], tx), { tx }),
  };
}

async function isUsedOnlyBy(
  { fabricId }: Writer,
  { secretId, connectionId }: { secretId: string; connectionId: string },
): Promise<boolean> {
  const row = await db.secret.findFirst({
    where: {
      id: secretId,
      fabricId,
      subKind: "text",
      deletedAt: null,
      usedBy: { every: { connectionId } },
    },
    select: { id: true },
  });
  return row !== null;
}

/** Returns `wanted`, or the first of wanted-2, wanted-3, … that no secret of the fabric has or had. */
export async function availableName({ fabricId }: Pick<Writer, "fabricId">, base: string): Promise<string> {
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? base : `${base.slice(0, 120)}-${n}`;
    const existing = await db.secretName.findUnique({
      where: { fabricId_nameKey: { fabricId, nameKey: name.toLowerCase() } },
      select: { secretId: true },
    });
    if (!existing) return name;
  }
}
