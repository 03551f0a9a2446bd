import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Client } from "pg";
import { asOwner } from "@/backup/connect";
import { inDrillDatabase } from "@/backup/drill-database";
import { batchesOf, chooseValues } from "@/backup/drill-values";
import type { VerifiedBackup } from "@/backup/read-backup";
import { restoreForDrill } from "@/backup/restore-backup";
import type { DrillReceipt } from "@/lib/backups/schema";
import { verifyStatement } from "@/lib/backups/statement";
import { automatePublicKeys } from "@/lib/env";
import { askAsOperator } from "@/lib/internal-api/operator-client";

type Options = {
  databaseUrl: string;
  drillUrl: string | undefined;
  /** How many values to open, in addition to one of each fabric. */
  sample: number;
  receiptFile: string | undefined;
  log: (sentence: string) => void;
};

const reasons = {
  missing_key: "automate's keyring has no master key with this fingerprint",
  key_unavailable: "the key service of its master key does not answer",
  does_not_open: "it does not open at its place",
} as const;
const shownFailures = 20;

/**
 * Restores a backup into a database that it drops again, and has automate try whether values open. Automate
 * answers for each value only whether it opened, counts, and signs the receipt.
 */
export async function runDrill(
  backup: VerifiedBackup,
  { databaseUrl, drillUrl, sample, receiptFile, log }: Options,
): Promise<{ statement: DrillReceipt; file: string }> {
  const { receipt } = await inDrillDatabase({ databaseUrl, drillUrl }, async (url) => {
    const { drill } = await askAsOperator("drill:start", backup.statement);
    const begin = performance.now();
    await restoreForDrill(backup, { databaseUrl: url, log });
    const restoreSeconds = (performance.now() - begin) / 1000;
    const { fabrics, values } = await asOwner(url, (client) => openValues(client, { drill, sample, log }));
    return askAsOperator("drill:end", { drill, restoreSeconds, fabrics, values });
  });
  const statement = await verifyStatement("selvage-drill", receipt, automatePublicKeys());
  const name = `drill-${statement.endedAt.replace(/\.\d+Z$/, "Z").replaceAll(":", "-")}.jws`;
  const file = receiptFile ?? join(dirname(backup.folder), name);
  await writeFile(file, `${receipt}\n`, { mode: 0o600, flush: true });
  return { statement, file };
}

async function openValues(
  client: Client,
  { drill, sample, log }: { drill: string; sample: number; log: Options["log"] },
): Promise<{ fabrics: number; values: number }> {
  const { fabrics, values, chosen } = await chooseValues(client, sample);
  let failures = 0;
  for await (const keys of batchesOf(client, chosen)) {
    const { outcomes } = await askAsOperator("drill:open", { drill, keys });
    for (const [index, { key, fields }] of keys.entries())
      for (const [n, { secretId, field, version }] of fields.entries()) {
        const outcome = outcomes[index]?.[n];
        if (outcome === "opened") continue;
        failures += 1;
        if (failures > shownFailures || outcome === undefined) continue;
        log(
          `Did not open: secret ${secretId} of fabric ${key.fabricId}, field ${field}, version ${version}, master key ${key.masterKeyId}: ${reasons[outcome]}.`,
        );
      }
  }
  if (failures > shownFailures) log(`Did not open: ${failures - shownFailures} more.`);
  return { fabrics, values };
}
