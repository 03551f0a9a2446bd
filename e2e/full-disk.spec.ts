import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { expect, test } from "@/e2e/fixtures";
import { addCaller, migrateOther } from "@/e2e/other-database";
import { startAutomateCopy, startWebCopy } from "@/e2e/program-copy";
import { startRestartablePostgres } from "@/testing/restartable-postgres";
import { signRequest } from "@/testing/signed-request";
import { mountSmallDisk } from "@/testing/small-disk";
import { stack } from "@/testing/stack-address";

/*
 * Web and automate as shipped, on a Postgres whose disk is full; their logs are on that disk, too.
 * Runs only in `npm run test:long`, because mounting a disk requires root on Linux.
 */
type Answer = { at: number; status: number; retryAfter: string | null; text: string };
type Sent = Answer & { name: string };
type Postgres = Awaited<ReturnType<typeof startRestartablePostgres>>;
type Disk = ReturnType<typeof mountSmallDisk>;

async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init).catch(() => null);
  const text = (await response?.text().catch(() => "")) ?? "";
  const retryAfter = response?.headers.get("retry-after") ?? null;
  return { at: performance.now(), status: response?.status ?? 0, retryAfter, text };
}

/** Two programs on their own database, a pipeline that reads and a script that writes. */
async function startPrograms(postgres: Postgres, logDir: string) {
  const urls = await migrateOther(postgres.url, "full");
  const { userId, team, token } = await addCaller(postgres.url);
  const automate = await startAutomateCopy(
    "automate-on-full-disk",
    [],
    { AUTOMATE_DATABASE_URL: urls.automate },
    logDir,
  );
  const more = { WEB_DATABASE_URL: urls.web, AUTOMATE_URL: automate.internalUrl };
  const web = await startWebCopy("web-on-full-disk", () => more, [], logDir);
  const api = (path: string, body: object, key: string) =>
    ask(`${web.url}/api/orchestration/fabric${path}`, {
      method: "POST",
      headers: { "x-auth-token": token, "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify(body),
    });
  const fabric = await api("", { name: "Loom", teamName: team, provider: "none" }, randomUUID());
  expect(fabric.text).toContain('"success":true');
  const { id: fabricId } = JSON.parse(fabric.text).data;
  const signer = { automateUrl: automate.internalUrl, signingKey: stack().webEnv.WEB_SIGNING_KEY ?? "" };
  const minted = await fetch(
    await signRequest(signer, { userId, fabricId }, "token:create", { name: "nightly", expiresAt: null }),
  );
  const { token: pipelineToken } = await minted.json();
  const value = `${stack().canary}${randomBytes(4096).toString("base64")}`;
  return {
    pids: [web.pid(), automate.pid()],
    create: async (name: string): Promise<Sent> => {
      const body = { kind: "prophecy", subKind: "text", properties: { name, value } };
      return { ...(await api(`/${fabricId}/secret`, body, name)), name };
    },
    read: (name: string) =>
      ask(`${automate.url}/v1/secrets/${name}`, { headers: { authorization: `Bearer ${pipelineToken}` } }),
    ready: () =>
      Promise.all([web.url, automate.url, automate.internalUrl].map((url) => ask(`${url}/readyz`))),
    async stop() {
      await web.stop();
      await automate.stop();
    },
  };
}

type Programs = Awaited<ReturnType<typeof startPrograms>>;

/** Reads and writes repeatedly until `stop` is called. */
function workOn({ read, create }: Programs) {
  const reads: Answer[] = [];
  const writes: Sent[] = [];
  let isOver = false;
  const on = async (once: () => Promise<unknown>) => {
    for (; !isOver; await sleep(20)) await once();
  };
  const all = [
    on(async () => reads.push(await read("first"))),
    on(async () => writes.push(await create(`s${randomUUID()}`))),
  ];
  return {
    reads,
    writes,
    stop: async () => {
      isOver = true;
      await Promise.all(all);
    },
  };
}

type Fault = {
  name: string;
  begin: (owner: pg.Client, disk: Disk) => Promise<void>;
  end: (owner: pg.Client, disk: Disk) => Promise<void>;
};

const faults: Fault[] = [
  {
    name: "a disk without room for rows",
    begin: async (_owner, disk) => disk.fill(),
    end: async (_owner, disk) => disk.makeRoom(),
  },
  {
    // Postgres then exits, and starts again when the disk has room.
    name: "a disk without room for the log of transactions",
    begin: async (owner, disk) => {
      disk.fill();
      const megabyte = `SELECT pg_logical_emit_message(false, 'selvage', repeat('x', 1048576))`;
      const fill = async (): Promise<void> => {
        for (;;) await owner.query(megabyte);
      };
      await fill().catch(() => undefined);
    },
    end: async (_owner, disk) => disk.makeRoom(),
  },
  {
    name: "a primary that is only read",
    begin: (owner) => setReadOnly(owner, "SET default_transaction_read_only = on"),
    end: (owner) => setReadOnly(owner, "RESET default_transaction_read_only"),
  },
];

async function setReadOnly(owner: pg.Client, setting: string): Promise<void> {
  await owner.query(`ALTER SYSTEM ${setting}`);
  await owner.query("SELECT pg_reload_conf()");
}

/** Waits until Postgres serves; returns the time of that moment. */
async function untilBack(postgres: Postgres): Promise<number> {
  for (; ; await sleep(20)) {
    await postgres.ensureRunning();
    const client = new pg.Client({ connectionString: postgres.url });
    client.on("error", () => undefined);
    const isBack = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => undefined);
    if (isBack) return performance.now();
  }
}

async function sufferAll(programs: Programs, postgres: Postgres, disk: Disk): Promise<void> {
  for (const { name, begin, end } of faults) {
    const owner = new pg.Client({ connectionString: postgres.url });
    owner.on("error", () => undefined);
    await owner.connect();
    const work = workOn(programs);
    const both = () => [work.reads, work.writes];
    const last = () => both().map((answers) => answers.at(-1)?.status);
    const ready = async () => (await programs.ready()).map(({ status }) => status);
    await expect.poll(last, { message: `before ${name}` }).toEqual([200, 200]);

    await begin(owner, disk);
    await expect.poll(ready, { message: `not ready: ${name}`, timeout: 60_000 }).toEqual([503, 503, 503]);
    await expect.poll(last, { message: name, timeout: 60_000 }).toEqual([503, 503]);

    await end(owner, disk);
    const back = await untilBack(postgres);
    const served = () =>
      both().map((answers) => answers.some(({ at, status }) => at > back && status === 200));
    const within = { timeout: 2000, intervals: [50] };
    await expect.poll(served, { message: `two seconds after ${name}`, ...within }).toEqual([true, true]);
    await expect.poll(ready, { message: `ready after ${name}`, ...within }).toEqual([200, 200, 200]);
    await work.stop();
    await owner.end().catch(() => undefined);
    const refused = both()
      .flat()
      .filter(({ status }) => status !== 200);
    for (const { status, retryAfter } of refused)
      expect([name, status, retryAfter]).toEqual([name, 503, "2"]);
    await expectTold(programs, postgres, work);
    for (const pid of programs.pids) expect(() => process.kill(pid, 0), name).not.toThrow();
  }
}

/** Expects each answer about a write to be true, repeats of unknown writes to make one, and each value read to have its event. */
async function expectTold(programs: Programs, postgres: Postgres, work: ReturnType<typeof workOn>) {
  const owner = new pg.Client({ connectionString: postgres.url });
  await owner.connect();
  const saved = async (): Promise<string[]> =>
    (await owner.query("SELECT name FROM secret")).rows.map(({ name }) => name);
  const before = await saved();
  for (const { name, status, text } of work.writes) {
    if (status === 200) expect(before).toContain(name);
    else if (/nothing was changed/i.test(text)) expect(before).not.toContain(name);
    else expect(text).toContain("It is not known whether it was saved");
  }
  const unknown = work.writes.filter(({ text }) => text.includes("It is not known"));
  for (const { name } of unknown) expect(await programs.create(name)).toMatchObject({ status: 200 });
  const after = await saved();
  for (const { name } of unknown) expect(after.filter((one) => one === name)).toHaveLength(1);
  const { rows } = await owner.query(
    `SELECT count(*)::int AS n FROM audit_event WHERE action = 'secret.use'`,
  );
  expect(rows[0].n).toBeGreaterThanOrEqual(work.reads.filter(({ status }) => status === 200).length);
  await owner.end();
}

test("web and automate report a full disk or read-only Postgres, and serve within two seconds after it ends", {
  tag: "@long",
}, async () => {
  test.setTimeout(300_000);
  const disk = mountSmallDisk(256);
  let postgres: Postgres | undefined;
  let programs: Programs | undefined;
  try {
    postgres = await startRestartablePostgres({
      on: disk.dir,
      flags: ["min_wal_size=32MB", "max_wal_size=32MB"],
    });
    programs = await startPrograms(postgres, disk.dir);
    expect(await programs.create("first")).toMatchObject({ status: 200 });
    await sufferAll(programs, postgres, disk);
  } finally {
    await programs?.stop();
    await postgres?.remove();
    disk.remove();
  }
});
