import { db } from "@/lib/db";

const noteEveryMs = 60_000;
const noted = new Map<string, number>();

/** Keeps when a token was last used, to the minute, so that a busy token does not queue on its own row. */
export async function noteUse(tokenId: string): Promise<void> {
  const now = Date.now();
  if (now - (noted.get(tokenId) ?? 0) < noteEveryMs) return;
  if (noted.size > 10_000) noted.clear();
  noted.set(tokenId, now);
  await db.pipelineToken.updateMany({
    where: {
      id: tokenId,
      OR: [{ lastUsedAt: null }, { lastUsedAt: { lt: new Date(now - noteEveryMs) } }],
    },
    data: { lastUsedAt: new Date(now) },
  });
}
