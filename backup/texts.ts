import type { Manifest } from "@/backup/manifest";
import type { Restored } from "@/backup/restore-backup";
import type { WrittenBackup } from "@/backup/write-backup";
import type { DrillReceipt } from "@/lib/backups/schema";

const megabyte = 1_000_000;

/** Describes a backup and the keys that it needs, for an operator. */
export function backupText(folder: string, manifest: Manifest, signer: string): string {
  const { takenAt, programVersion, fabrics, values, masterKeys } = manifest;
  return [
    `${folder}`,
    `  taken ${takenAt} by version ${programVersion}: ${counted(fabrics, "fabric")}, ${counted(values, "sealed value")}`,
    masterKeys.length === 0
      ? "  It needs no master key: it has no fabric key."
      : "  It needs these master keys:",
    ...masterKeys.map(
      ({ fingerprint, label, provider, fabricKeys }) =>
        `    ${fingerprint}${label ? ` "${label}" (${provider})` : ""}: ${counted(fabricKeys, "fabric key")}`,
    ),
    `  It needs automate's signing key, which has the fingerprint ${signer}.`,
  ].join("\n");
}

export function writtenText({ folder, manifest, bytes }: WrittenBackup, signer: string): string {
  return [
    backupText(folder, manifest, signer),
    `  ${(bytes / megabyte).toFixed(1)} MB. It contains no private key: keep the keys elsewhere, and with them the signing key's fingerprint (docs/recovery.md).`,
  ].join("\n");
}

/** Lists the access that a restore ended, the access that works again, and the steps that remain. */
export function restoredText({ access, work }: Restored, keptAccess: boolean): string {
  const { sessions, accessTokens, invitations, entryLinks } = access.counts;
  const valid = [
    ...access.pipelineTokens.map(
      ({ name, fabric, createdBy }) =>
        `  pipeline token "${name}" of fabric ${fabric}, created by ${createdBy}`,
    ),
    ...access.trustedIssuers.map(
      ({ name, issuer, fabric }) => `  trusted issuer "${name}" (${issuer}) of fabric ${fabric}`,
    ),
  ];
  return [
    "Restored.",
    keptAccess
      ? "Sessions, access tokens, invitations and entry links of the backup are valid again."
      : `Ended ${counted(sessions, "session")}, ${counted(accessTokens, "access token")}, ${counted(invitations, "invitation")} and ${counted(entryLinks, "entry link")}.`,
    ...(valid.length === 0
      ? ["No pipeline token or trusted issuer is valid."]
      : ["Valid again, although somebody may have revoked them since the backup:", ...valid]),
    ...(work.pausedRotations === 0
      ? []
      : [
          `Paused ${counted(work.pausedRotations, "key rotation")} that ran during the backup: resume or end them.`,
        ]),
    ...(work.pausedSchedules + work.endedRuns === 0
      ? []
      : [
          `Paused ${counted(work.pausedSchedules, "schedule")} by which Selvage sets passwords at servers, and ended ${counted(work.endedRuns, "run")} of them: each secret's page says so.`,
        ]),
    ...work.postponedDeletions.map(
      ({ fabric, destroyAt }) =>
        `Fabric ${fabric} is to be destroyed at ${destroyAt}: an Admin can undo that until then.`,
    ),
    ...(work.trashed === 0
      ? []
      : [
          `${counted(work.trashed, "deleted object")} in the trash can be restored for the whole time again.`,
        ]),
    "Lock or remove again the people whom you had locked or removed since the backup.",
  ].join("\n");
}

/** The result of a drill. */
export function drillText(receipt: DrillReceipt): string {
  const { backup, backupTakenAt, startedAt, endedAt, restoreSeconds, fabrics, openedFabrics } = receipt;
  const seconds = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  const age = (Date.parse(startedAt) - Date.parse(backupTakenAt)) / 3_600_000;
  const tried = receipt.opened + receipt.unopened;
  return [
    receipt.passed ? "The drill passed." : "The drill did NOT pass.",
    `  backup ${backup}, taken ${backupTakenAt}, ${age.toFixed(1)} hours before the drill`,
    `  opened ${receipt.opened} of ${counted(tried, "tried value")} (${receipt.values} in the backup), in ${openedFabrics} of ${counted(fabrics, "fabric")}`,
    ...receipt.keys.map(
      ({ fingerprint, label, opened, unopened }) =>
        `  master key ${fingerprint} ${label ? `"${label}"` : "(not in automate's keyring)"}: ${opened} opened, ${unopened} not`,
    ),
    `  restored in ${restoreSeconds.toFixed(1)} s, ${seconds.toFixed(1)} s in all`,
  ].join("\n");
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * Text without control characters but line ends. Names are what people typed, and a changed backup names what its
 * author likes: a terminal must not run them.
 */
export function printableText(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, "?");
}
