import { Refusal } from "@/automate/http/error";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { tryToOpen } from "@/automate/secrets/try-to-open";
import { operatorActor } from "@/lib/access/system-actor";
import { type AuditEntry, record } from "@/lib/audit/record";
import type { BackupStatement, DrillKey, DrillReceipt, OpeningOutcome } from "@/lib/backups/schema";
import { signStatement } from "@/lib/backups/statement";
import { db, type Tx } from "@/lib/db/client";
import { automateEnv } from "@/lib/env";

/** A drill that takes longer is refused: its restored database may be another one by then. */
const maxDrillMs = 24 * 60 * 60_000;

type KeyCounts = Record<string, { opened: number; unopened: number }>;

/** Begins a drill of a backup. */
export async function startDrill({ backup, takenAt, manifest }: BackupStatement): Promise<{ drill: string }> {
  return db.$transaction(async (tx) => {
    const { id } = await tx.drill.create({
      data: { backupId: backup, backupTakenAt: new Date(takenAt), manifest },
      select: { id: true },
    });
    await record(tx, eventOf("drill.start", backup, { drill: id }));
    return { drill: id };
  });
}

/** Tries whether restored values open, counts them, and answers each with its outcome. */
export async function openInDrill(
  keys: FabricKeys,
  { drill, keys: batch }: { drill: string; keys: DrillKey[] },
): Promise<{ outcomes: OpeningOutcome[][] }> {
  const values = batch.reduce((sum, { fields }) => sum + fields.length, 0);
  // Committed before anything opens.
  await db.$transaction(async (tx) => {
    const { backupId } = await running(tx, drill);
    await record(tx, eventOf("drill.open", backupId, { drill, count: values }));
  });
  const outcomes = await inLanes(batch, (one) => tryToOpen(keys, one));
  await count(drill, batch, outcomes);
  return { outcomes };
}

/** How many keys are unwrapped at once: a key service answers each in milliseconds, and throttles a crowd. */
const lanes = 8;

async function inLanes<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  const lane = async () => {
    for (const [index, item] of waiting) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

async function count(
  drill: string,
  batch: readonly DrillKey[],
  outcomes: readonly OpeningOutcome[][],
): Promise<void> {
  await db.$transaction(async (tx) => {
    const row = await running(tx, drill);
    const counts = row.keys as KeyCounts;
    const fabricIds = new Set(row.fabricIds);
    let [opened, unopened] = [row.opened, row.unopened];
    for (const [index, { key }] of batch.entries()) {
      const all = outcomes[index] ?? [];
      const good = all.filter((outcome) => outcome === "opened").length;
      const ofKey = counts[key.masterKeyId] ?? { opened: 0, unopened: 0 };
      counts[key.masterKeyId] = {
        opened: ofKey.opened + good,
        unopened: ofKey.unopened + all.length - good,
      };
      if (good > 0) fabricIds.add(key.fabricId);
      opened += good;
      unopened += all.length - good;
    }
    const data = { opened, unopened, keys: counts, fabricIds: [...fabricIds] };
    await tx.drill.update({ where: { id: drill }, data, select: { id: true } });
  });
}

/** Ends a drill and signs its receipt. It passed when every value opened, and one in each fabric with values. */
export async function endDrill(
  keys: FabricKeys,
  {
    drill,
    restoreSeconds,
    fabrics,
    values,
  }: Pick<DrillReceipt, "drill" | "restoreSeconds" | "fabrics" | "values">,
): Promise<{ receipt: string }> {
  return db.$transaction(async (tx) => {
    const row = await running(tx, drill);
    const endedAt = new Date();
    const openedFabrics = row.fabricIds.length;
    const statement: DrillReceipt = {
      drill,
      backup: row.backupId,
      backupTakenAt: row.backupTakenAt.toISOString(),
      manifest: row.manifest,
      startedAt: row.startedAt.toISOString(),
      endedAt: endedAt.toISOString(),
      restoreSeconds,
      fabrics,
      values,
      openedFabrics,
      opened: row.opened,
      unopened: row.unopened,
      keys: Object.entries(row.keys as KeyCounts).map(([fingerprint, counts]) => ({
        fingerprint,
        label: keys.labelOf(fingerprint) ?? "",
        ...counts,
      })),
      passed: row.unopened === 0 && openedFabrics === fabrics,
    };
    const receipt = await signStatement("selvage-drill", statement, automateEnv().AUTOMATE_SIGNING_KEY);
    const { passed, opened, unopened } = statement;
    await tx.drill.update({
      where: { id: drill },
      data: { endedAt, passed, receipt },
      select: { id: true },
    });
    await record(tx, eventOf("drill.end", row.backupId, { drill, passed, opened, unopened }));
    return { receipt };
  });
}

/** The drill's row, locked until the transaction ends. */
async function running(tx: Tx, drill: string) {
  await tx.$executeRaw`SELECT 1 FROM drill WHERE id = ${drill} FOR UPDATE`;
  const row = await tx.drill.findUnique({ where: { id: drill } });
  if (!row || row.endedAt || row.startedAt.getTime() < Date.now() - maxDrillMs)
    throw new Refusal(404, "no_drill", "Drill not found, or it has ended. Start another one.");
  return row;
}

function eventOf(
  action: "drill.start" | "drill.open" | "drill.end",
  backup: string,
  details: NonNullable<AuditEntry["details"]>,
): AuditEntry {
  return {
    actor: operatorActor,
    teamId: null,
    fabricId: null,
    action,
    object: { kind: "backup", id: backup, name: "" },
    details,
  };
}
