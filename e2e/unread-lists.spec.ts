import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@/e2e/fixtures";
import { startAutomateCopy, startWebCopy } from "@/e2e/program-copy";
import { addManySecrets } from "@/testing/many-secrets";
import { callerOf, createAccessToken } from "@/testing/server-actions";
import { createTenant, createToken, database, type Tenant } from "@/testing/tenant";

const unread = 400;
/** The memory that the unread answers of one caller may cost, garbage included, in MiB. */
const maxGrowthMib = 600;
/** How long the requests of another team may take meanwhile, in milliseconds. The machine may have other work. */
const maxWaitMs = 5_000;

/** The resident memory of a process, in MiB. */
function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

async function addSecrets({ fabric }: Tenant, count: number): Promise<void> {
  await addManySecrets((text, values) => database().query(text, [...values]), fabric.id, count);
  await database().query("ANALYZE");
}

/** Sends the request on many connections that nobody reads, and `ask` for 20 seconds in between. */
async function askWhileUnread(
  { url, pid }: { url: string; pid: () => number },
  head: string,
  ask: () => Promise<Response>,
): Promise<{ growthMib: number; longestMs: number }> {
  const { hostname, port, host } = new URL(url);
  await ask();
  const before = memoryOf(pid());
  const sockets: Socket[] = Array.from({ length: unread }, () =>
    connect(Number(port), hostname).on("error", () => undefined),
  );
  for (const socket of sockets) socket.write(`${head}\r\nhost: ${host}\r\n\r\n`);
  let [growthMib, longestMs] = [0, 0];
  for (const until = performance.now() + 20_000; performance.now() < until; await sleep(50)) {
    const asked = performance.now();
    expect((await ask()).status).toBe(200);
    longestMs = Math.max(longestMs, performance.now() - asked);
    growthMib = Math.max(growthMib, memoryOf(pid()) - before);
  }
  for (const socket of sockets) socket.destroy();
  return { growthMib, longestMs };
}

if (process.env.RUN_LONG) {
  test.setTimeout(180_000);

  test("400 unread lists of 30,000 secrets cost web little memory, and other teams little time", async ({
    tenant,
  }) => {
    const web = await startWebCopy("web-unread");
    try {
      await addSecrets(tenant, 30_000);
      const other = await createTenant("Other");
      const token = await createAccessToken(await callerOf(tenant.user));
      const theirs = await createAccessToken(await callerOf(other.user));
      const result = await askWhileUnread(
        web,
        `GET /api/orchestration/fabric/${tenant.fabric.id}/secret HTTP/1.1\r\nx-auth-token: ${token}`,
        () => fetch(`${web.url}/api/orchestration/fabric`, { headers: { "x-auth-token": theirs } }),
      );
      expect(result.growthMib).toBeLessThan(maxGrowthMib);
      expect(result.longestMs).toBeLessThan(maxWaitMs);
    } finally {
      await web.stop();
    }
  });

  test("400 unread Vault lists of 100,000 names cost automate little memory, and other teams little time", async ({
    tenant,
  }) => {
    const automate = await startAutomateCopy("automate-unread");
    try {
      await addSecrets(tenant, 100_000);
      const [{ token }, theirs] = [await createToken(tenant), await createToken(await createTenant("Other"))];
      const result = await askWhileUnread(
        automate,
        `LIST /vault/v1/${tenant.fabric.id}/metadata HTTP/1.1\r\nx-vault-token: ${token}`,
        () => fetch(`${automate.url}/v1/whoami`, { headers: { authorization: `Bearer ${theirs.token}` } }),
      );
      expect(result.growthMib).toBeLessThan(maxGrowthMib);
      expect(result.longestMs).toBeLessThan(maxWaitMs);
    } finally {
      await automate.stop();
    }
  });
}
