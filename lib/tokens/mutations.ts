import "server-only";
import type { Scope } from "@/lib/access/scope";
import { askAutomate } from "@/lib/automate/client";
import { db } from "@/lib/db";
import { fail, ok, type Result } from "@/lib/result";
import { type CreateTokenInput, linesOf, type NewToken, tokenLifetimes } from "@/lib/tokens/schema";

type Refusal = "invalid" | "automate_unavailable" | "refused" | "reauthenticate";
const dayMs = 86_400_000;

/** Has automate make a pipeline token, store its hash and record it. The answer is the only place where it is shown. */
export async function createToken(
  scope: Scope<"token:write">,
  { name, lifetime, onlySecrets, onlyConnections, onlyFrom }: CreateTokenInput,
): Promise<Result<NewToken, Refusal>> {
  const secrets = await findIds(linesOf(onlySecrets), (nameKeys) => secretsNamed(scope, nameKeys));
  if ("missing" in secrets)
    return fail("invalid", { onlySecrets: `There is no secret “${secrets.missing}”.` });
  const connections = await findIds(linesOf(onlyConnections), (nameKeys) =>
    connectionsNamed(scope, nameKeys),
  );
  if ("missing" in connections)
    return fail("invalid", { onlyConnections: `There is no connection “${connections.missing}”.` });
  const { days } = tokenLifetimes[lifetime];
  const expiresAt = days === null ? null : new Date(Date.now() + days * dayMs).toISOString();
  const limits = { secretIds: secrets.ids, connectionIds: connections.ids, cidrs: linesOf(onlyFrom) };
  return askAutomate(scope, "token:create", { name, expiresAt, limits });
}

/** Has automate revoke a pipeline token: its next request is refused. */
export async function revokeToken(
  scope: Scope<"token:write">,
  { tokenId }: { tokenId: string },
): Promise<Result<null, Refusal>> {
  const answer = await askAutomate(scope, "token:revoke", { tokenId });
  return answer.ok ? ok(null) : answer;
}

type Named = { id: string; nameKey: string };

/** The ids of these names, each once, or the first name that nothing has. */
async function findIds(
  names: readonly string[],
  find: (nameKeys: string[]) => Promise<Named[]>,
): Promise<{ ids: string[] } | { missing: string }> {
  const nameKeys = names.map((name) => name.toLowerCase());
  const byKey = new Map((await find(nameKeys)).map(({ id, nameKey }) => [nameKey, id]));
  const missing = names.find((name) => !byKey.has(name.toLowerCase()));
  return missing === undefined ? { ids: [...new Set(byKey.values())] } : { missing };
}

async function secretsNamed({ fabricId }: Scope<"token:write">, nameKeys: string[]): Promise<Named[]> {
  const rows = await db.secretName.findMany({
    where: { fabricId, nameKey: { in: nameKeys }, secret: { deletedAt: null } },
    select: { nameKey: true, secretId: true },
  });
  return rows.map(({ nameKey, secretId }) => ({ nameKey, id: secretId }));
}

function connectionsNamed({ fabricId }: Scope<"token:write">, nameKeys: string[]): Promise<Named[]> {
  return db.connection.findMany({
    where: { fabricId, nameKey: { in: nameKeys } },
    select: { id: true, nameKey: true },
  });
}
