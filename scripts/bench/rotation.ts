import { setTimeout as sleep } from "node:timers/promises";
import { createFabricKeys } from "@/automate/keys/fabric-keys";
import { claimRotation } from "@/automate/keys/key-rotation";
import { type Pass, rewrap, startMasterRotation } from "@/automate/keys/rewrap";
import { systemActor } from "@/lib/access/system-actor";
import { createDb, type Db, db } from "@/lib/db/client";
import { cpuSeconds } from "@/scripts/bench/cpu";
import type { LoadResult } from "@/scripts/bench/schema";
import type { HugeFabric } from "@/scripts/bench/seed";
import { createNextMasterKey } from "@/testing/next-master-key";
import { signRequest } from "@/testing/signed-request";

type Bench = {
  ownerUrl: string;
  automate: { internalUrl: string; signingKey: string; pid: number | undefined };
  fabric: HugeFabric;
  /** Resolves single secrets of other fabrics with eight clients. */
  resolve: () => Promise<LoadResult>;
};

/** Rotates the key of a large fabric, alone and under load, and then the master key. Prints one line for each. */
export async function printRotations({ ownerUrl, automate, fabric, resolve }: Bench): Promise<void> {
  const owner = createDb(ownerUrl);
  const values = fabric.values.toLocaleString("en-US");
  console.log("\n| rotation | measured |\n| --- | --: |");
  const cpuBefore = cpuSeconds(automate.pid);
  const alone = await rotate(owner, automate, fabric);
  const cpuAfter = cpuSeconds(automate.pid);
  print(`reseal a fabric of ${values} values`, `${perSecond(alone, fabric.values)} values/s`);
  if (cpuBefore !== null && cpuAfter !== null)
    print(
      "… automate's processor time",
      `${Math.round(((cpuAfter - cpuBefore) * 1e6) / fabric.values)} µs a value`,
    );

  const before = await resolve();
  const rotating = rotate(owner, automate, fabric);
  const during = await resolve();
  const { done: resealed = 0 } = (await lastRotation(owner, fabric)) ?? {};
  print(
    "resolve, 8 clients, p99 without",
    `${before.p99Ms.toFixed(1)} ms, ${Math.round(before.perSecond)}/s`,
  );
  print(
    "resolve, 8 clients, p99 during it",
    `${during.p99Ms.toFixed(1)} ms, ${Math.round(during.perSecond)}/s`,
  );
  print("… failures", String(before.failures + during.failures));
  print("… values resealed meanwhile", resealed.toLocaleString("en-US"));
  await rotating;
  print("rewrap 10,000 fabric keys, local", `${((await rewrapMany(owner, 10_000)) / 1_000).toFixed(1)} s`);
  await owner.$disconnect();
}

function print(title: string, measured: string): void {
  console.log(`| ${title} | ${measured} |`);
}

function perSecond(ms: number, count: number): string {
  return Math.round((count / ms) * 1_000).toLocaleString("en-US");
}

const lastRotation = (owner: Db, { fabricId }: HugeFabric) =>
  owner.keyRotation.findFirst({ where: { fabricId }, orderBy: { startedAt: "desc" } });

/** Rotates the key of a fabric until every value is resealed. Returns how long it took, in milliseconds. */
async function rotate(owner: Db, { internalUrl, signingKey }: Bench["automate"], fabric: HugeFabric) {
  const { fabricId, adminId } = fabric;
  // Sets the clock of the minute that an earlier rotation waits.
  for (;;) {
    const past = new Date(Date.now() - 120_000);
    await owner.fabricKey.updateMany({
      where: { fabricId, emptySince: { not: null } },
      data: { emptySince: past },
    });
    await owner.keyRotation.updateMany({ where: { fabricId, state: "running" }, data: { startedAt: past } });
    if ((await owner.keyRotation.count({ where: { fabricId, state: "running" } })) === 0) break;
    await sleep(500);
  }
  const request = { automateUrl: internalUrl, signingKey };
  const answer = await fetch(
    await signRequest(request, { userId: adminId, fabricId }, "fabric-key:rotate", {}),
  );
  if (!answer.ok) throw new Error(`Automate answered ${answer.status}.`);
  const startedAt = performance.now();
  for (;;) {
    await sleep(100);
    const { done = 0, total = 1 } = (await lastRotation(owner, fabric)) ?? {};
    if (done >= total) return performance.now() - startedAt;
  }
}

/** Rewraps fabric keys under another local master key, in this process. Returns how long it took. */
async function rewrapMany(owner: Db, count: number): Promise<number> {
  const { former, next, keyring } = await createNextMasterKey();
  const keys = createFabricKeys(db, keyring, JSON.parse(process.env.AUTOMATE_SIGNING_KEY ?? ""));
  const present = await owner.fabricKey.count();
  for (let made = present; made < count; made += 100) {
    const pairs = Array.from({ length: 100 }, (_, i) => keys.newPair(`fabric-${made + i}`, former));
    await owner.fabricKey.createMany({ data: await Promise.all(pairs) });
  }
  await db.$transaction((tx) => startMasterRotation(tx, keyring, systemActor));
  const rotation = await claimRotation(next.fingerprint);
  if (!rotation) throw new Error("The rotation was not started.");
  const pass: Pass = { after: "", damaged: 0 };
  const startedAt = performance.now();
  while ((await rewrap(rotation, keyring, pass)) === "worked");
  return performance.now() - startedAt;
}
