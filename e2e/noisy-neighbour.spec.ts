import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@/e2e/fixtures";
import { type ProgramCopy, startAutomateCopy, startWebCopy } from "@/e2e/program-copy";
import { callAction, callerOf, createAccessToken } from "@/testing/server-actions";
import { sessionCookie, startSession } from "@/testing/sign-in";
import { createTenant, createToken, database, type Tenant } from "@/testing/tenant";

/** Seconds of attack. */
const attackSeconds = 60;
/** A request without an answer for this long has failed. */
const answerTimeoutMs = 10_000;
const gigabyte = 1024 ** 3;

/** Adds this many secrets to a fabric, without values: lists and searches read none. */
async function addSecrets({ fabric, user }: Tenant, count: number): Promise<void> {
  await database().query(
    `WITH added AS (
       INSERT INTO secret (id, "fabricId", name, "nameKey", "subKind", "createdById", "createdByName", "updatedAt", "updatedById", "updatedByName")
       SELECT gen_random_uuid()::text, $1, 'secret_' || n, 'secret_' || n, 'text', $2, $3, now(), $2, $3
       FROM generate_series(1, $4::int) n RETURNING id, "fabricId", name, "nameKey"),
     named AS (
       INSERT INTO secret_name ("secretId", "fabricId", name, "nameKey") SELECT id, "fabricId", name, "nameKey" FROM added)
     INSERT INTO secret_version ("secretId", version, "fabricId", manifest, facts, "createdById", "createdByName")
     SELECT id, 1, "fabricId", '{"value": 1}', '{}', $2, $3 FROM added`,
    [fabric.id, user.id, user.name, count],
  );
  await database().query("VACUUM ANALYZE");
}

/** The form token of the sign-in page, with its cookie. */
async function csrfOf(webUrl: string) {
  const response = await fetch(new URL("/api/auth/csrf", webUrl));
  const { csrfToken } = (await response.json()) as { csrfToken: string };
  const cookie = response.headers.getSetCookie().map((one) => one.split(";")[0]);
  return { token: csrfToken, cookie: cookie.join("; ") };
}

/** Resident memory of a process, in bytes; none if the process has ended. */
async function memoryOf({ pid }: ProgramCopy): Promise<number> {
  const status = await readFile(`/proc/${pid()}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** Requests of one kind: how long each took, in milliseconds, and what was not answered with 200. */
type Measured = { tookMs: number[]; failures: string[] };

/** Sends requests one after another until `signal` aborts. */
async function measure(
  send: (timeout: AbortSignal) => Promise<Response>,
  pauseMs: number,
  signal: AbortSignal,
): Promise<Measured> {
  const measured: Measured = { tookMs: [], failures: [] };
  while (!signal.aborted) {
    const startedAt = performance.now();
    const outcome = await send(AbortSignal.timeout(answerTimeoutMs))
      .then(async (response) => (await response.text()) && response.status)
      .catch(String);
    if (outcome !== 200) measured.failures.push(String(outcome));
    measured.tookMs.push(performance.now() - startedAt);
    await sleep(pauseMs);
  }
  return measured;
}

function percentile({ tookMs }: Measured, share: number): number {
  const sorted = tookMs.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length * share)] ?? Number.NaN);
}

test("noisy neighbour: no team and no stranger slows another team's pages and reads", {
  tag: "@long",
}, async ({ canary }) => {
  test.setTimeout(300_000);
  const [noisy, quiet] = [await createTenant("Noisy"), await createTenant("Quiet")];
  const automate = await startAutomateCopy("noisy-automate");
  const web = await startWebCopy("noisy-web", () => ({ AUTOMATE_URL: automate.internalUrl }));
  const stopLater: (() => void)[] = [];
  try {
    await addSecrets(noisy, 100_000);
    const created = await callAction(await callerOf(quiet.user), "createSecretAction", [
      quiet.fabric.id,
      { subKind: "text", name: "one", fields: { value: canary.value() } },
    ]);
    expect(created.ok).toBe(true);
    const { token } = await createToken(quiet);
    const cookie = `${sessionCookie}=${await startSession(quiet.user)}`;
    const page = (signal: AbortSignal) =>
      fetch(new URL(`/metadata/fabrics/${quiet.fabric.id}/secrets`, web.url), {
        headers: { cookie },
        signal,
      });
    const read = (signal: AbortSignal) =>
      fetch(new URL("/v1/secrets/one", automate.url), {
        headers: { authorization: `Bearer ${token}` },
        signal,
      });
    const during = async (seconds: number) => {
      const end = AbortSignal.timeout(seconds * 1000);
      const [pages, reads] = await Promise.all([measure(page, 200, end), measure(read, 20, end)]);
      return { pages, reads };
    };

    const alone = await during(10);
    const job = {
      webUrl: web.url,
      automateUrl: automate.url,
      fabricId: noisy.fabric.id,
      accessToken: await createAccessToken(await callerOf(noisy.user), "noise"),
      pipelineToken: (await createToken(noisy)).token,
      otherToken: (await createToken(noisy, { name: "other" })).token,
      csrf: await csrfOf(web.url),
    };
    const pids = [web.pid(), automate.pid()];
    const file = resolve(import.meta.dirname, "../testing/noisy-neighbours.mjs");
    const attackers = spawn(process.execPath, [file, JSON.stringify(job)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    stopLater.push(() => attackers.kill("SIGKILL"));
    const output: Buffer[] = [];
    attackers.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    const peak = { web: 0, automate: 0 };
    const watching = setInterval(async () => {
      peak.web = Math.max(peak.web, await memoryOf(web));
      peak.automate = Math.max(peak.automate, await memoryOf(automate));
    }, 250);
    stopLater.push(() => clearInterval(watching));
    const attacked = await during(attackSeconds);
    attackers.stdin.end();
    await once(attackers.stdout, "end");

    const answers = JSON.parse(Buffer.concat(output).toString()) as Record<string, Record<string, number>>;
    const figures = Object.entries({ alone, attacked }).map(([name, { pages, reads }]) => ({
      "": name,
      "pages p50 (ms)": percentile(pages, 0.5),
      "pages p99 (ms)": percentile(pages, 0.99),
      "reads p50 (ms)": percentile(reads, 0.5),
      "reads p99 (ms)": percentile(reads, 0.99),
    }));
    console.table(figures);
    console.table({ "peak memory (MB)": { web: peak.web >> 20, automate: peak.automate >> 20 } });
    console.table(answers);

    for (const attack of ["unread lists", "Vault lists", "missing names", "unknown tokens", "sign-ins"])
      expect(
        Object.values(answers[attack] ?? {}).reduce((a, b) => a + b, 0),
        attack,
      ).toBeGreaterThan(30);
    expect([...attacked.pages.failures, ...attacked.reads.failures]).toEqual([]);
    expect([web.pid(), automate.pid()]).toEqual(pids);
    expect(peak.web, "web's memory").toBeLessThan(gigabyte);
    expect(peak.automate, "automate's memory").toBeLessThan(gigabyte);
    expect(percentile(attacked.pages, 0.99), "p99 of pages in ms").toBeLessThan(500);
    expect(percentile(attacked.reads, 0.99), "p99 of reads in ms").toBeLessThan(50);
    const audited = await database().query(
      `SELECT count(*)::int AS rows FROM audit_event WHERE "fabricId" = $1 AND action = 'secret.refuse'`,
      [noisy.fabric.id],
    );
    expect(audited.rows[0].rows, "recorded refusals").toBeLessThan(2_000);
  } finally {
    for (const stop of stopLater) stop();
    await web.stop();
    await automate.stop();
  }
});
