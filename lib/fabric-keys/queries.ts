import "server-only";
import { calculateJwkThumbprint } from "jose";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db/client";
import type {
  FabricKeySummary,
  FabricKeysDetail,
  RotationProgress,
  UnopenedValue,
} from "@/lib/fabric-keys/schema";

/** How many values that could not be opened are listed. */
const maxUnopened = 50;

/** The keys of the fabric and its last rotation, for its Admins. */
export async function getFabricKeys(scope: Scope<"fabric-key:list">): Promise<FabricKeysDetail> {
  return { keys: await listKeys(scope), rotation: await findRotation(scope) };
}

async function listKeys({ fabricId }: Scope<"fabric-key:list">): Promise<FabricKeySummary[]> {
  const rows = await db.fabricKey.findMany({
    where: { fabricId },
    orderBy: { kid: "desc" },
    select: { kid: true, publicJwk: true, masterKeyId: true, createdAt: true, createdByName: true },
  });
  const counts = await db.secretField.groupBy({
    by: ["kid"],
    where: { kid: { in: rows.map(({ kid }) => kid) } },
    _count: true,
  });
  const masterKeys = await db.masterKey.findMany({
    where: { fingerprint: { in: rows.map(({ masterKeyId }) => masterKeyId) } },
    select: { fingerprint: true, label: true },
  });
  return Promise.all(
    rows.map(async ({ kid, publicJwk, masterKeyId, createdAt, createdByName }, index) => ({
      kid,
      fingerprint: (await calculateJwkThumbprint(JSON.parse(publicJwk))).slice(0, 16),
      createdAt: createdAt.toISOString(),
      createdByName,
      masterKey: {
        label: masterKeys.find(({ fingerprint }) => fingerprint === masterKeyId)?.label ?? "",
        fingerprint: masterKeyId,
      },
      values: counts.find((one) => one.kid === kid)?._count ?? 0,
      isNewest: index === 0,
    })),
  );
}

async function findRotation({ fabricId }: Scope<"fabric-key:list">): Promise<RotationProgress | null> {
  const row = await db.keyRotation.findFirst({
    where: { fabricId },
    orderBy: { startedAt: "desc" },
    select: {
      id: true,
      state: true,
      done: true,
      total: true,
      unopened: true,
      startedAt: true,
      startedByName: true,
      endedAt: true,
      runningMs: true,
      lastError: true,
    },
  });
  if (!row) return null;
  const { startedAt, endedAt, runningMs, state, ...rotation } = row;
  return {
    ...rotation,
    state: state === "paused" || state === "done" ? state : "running",
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    perSecond: row.done > 0 && runningMs > 0 ? (row.done / runningMs) * 1_000 : null,
    unopenedValues: row.unopened > 0 ? await listUnopened(row.id) : [],
  };
}

async function listUnopened(rotationId: string): Promise<UnopenedValue[]> {
  const rows = await db.unopenedValue.findMany({
    where: { rotationId },
    orderBy: [{ secretId: "asc" }, { field: "asc" }, { version: "asc" }],
    take: maxUnopened,
    select: {
      secretId: true,
      field: true,
      version: true,
      value: { select: { secret: { select: { name: true, subKind: true, deletedAt: true } } } },
    },
  });
  return rows.map(({ value: { secret }, ...position }) => ({
    ...position,
    secretName: secret.name,
    subKind: secret.subKind,
    isDeleted: secret.deletedAt !== null,
  }));
}
