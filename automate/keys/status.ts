import { backupStatus } from "@/lib/backups/queries";
import { db } from "@/lib/db/client";
import type { OperatorAnswer } from "@/lib/internal-api/operator-contract";
import type { Keyring } from "@/lib/kms/keyring";

/** How many rotations that ended are listed. */
const endedRotations = 10;

/** The master keys with the fabric keys under each, the rotations that run and the last ones, and the last backup and drill. */
export async function keysStatus(keyring: Keyring): Promise<OperatorAnswer<"keys:status">> {
  const wrapped = await db.fabricKey.groupBy({ by: ["masterKeyId"], _count: true });
  const counts = new Map(wrapped.map(({ masterKeyId, _count }) => [masterKeyId, _count]));
  const states = await db.masterKey.findMany({ select: { fingerprint: true, state: true } });
  const stateOf = new Map(states.map(({ fingerprint, state }) => [fingerprint, state]));
  const present = keyring.keys.map(({ fingerprint, label, provider }) => ({
    fingerprint,
    label,
    provider: String(provider),
    isPrimary: fingerprint === keyring.primary.fingerprint,
    state: stateOf.get(fingerprint) ?? "enabled",
    fabricKeys: counts.get(fingerprint) ?? 0,
  }));
  const absent = [...counts].filter(([fingerprint]) => !keyring.find(fingerprint));
  return {
    masterKeys: [
      ...present,
      ...absent.map(([fingerprint, fabricKeys]) => ({
        fingerprint,
        label: "",
        provider: "",
        isPrimary: false,
        state: "missing",
        fabricKeys,
      })),
    ],
    rotations: [...(await rotations("unended")), ...(await rotations("ended"))],
    ...(await backups()),
  };
}

async function backups() {
  const { backupTakenAt, drill, drillPassedAt } = await backupStatus();
  return {
    backupTakenAt: backupTakenAt?.toISOString() ?? null,
    drill: drill && { ...drill, endedAt: drill.endedAt.toISOString() },
    drillPassedAt: drillPassedAt?.toISOString() ?? null,
  };
}

async function rotations(which: "ended" | "unended") {
  const rows = await db.keyRotation.findMany({
    where: { state: which === "ended" ? "done" : { not: "done" } },
    orderBy: { startedAt: "desc" },
    ...(which === "ended" ? { take: endedRotations } : {}),
    select: {
      kind: true,
      fabric: { select: { id: true, name: true, team: { select: { name: true } } } },
      target: true,
      state: true,
      done: true,
      total: true,
      unopened: true,
      startedByName: true,
      startedAt: true,
      endedAt: true,
      runningMs: true,
      lastError: true,
    },
  });
  return rows.map(({ fabric, startedAt, endedAt, ...row }) => ({
    ...row,
    fabric: fabric && { id: fabric.id, name: fabric.name, team: fabric.team.name },
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
  }));
}
