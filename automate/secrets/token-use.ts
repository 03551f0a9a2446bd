import { preparedQuery } from "@/lib/db/prepared";

const minIntervalMs = 60_000;
const notedAt = new Map<string, number>();

const updateLastUsed = preparedQuery<never>(
  `UPDATE pipeline_token SET "lastUsedAt" = now()
   WHERE id = $1 AND ("lastUsedAt" IS NULL OR "lastUsedAt" < now() - interval '1 minute')`,
);

/** Stores when a token was last used, to the minute. More often, a busy token would queue on its own row. */
export async function recordTokenUse(tokenId: string): Promise<void> {
  const now = Date.now();
  if (now - (notedAt.get(tokenId) ?? 0) < minIntervalMs) return;
  if (notedAt.size > 10_000) notedAt.clear();
  notedAt.set(tokenId, now);
  await updateLastUsed(tokenId);
}
