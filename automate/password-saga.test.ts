import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestAutomates } from "@/testing/automate";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { type Copies, type Copy, startCopies } from "@/testing/key-saga";
import { createTestKeys } from "@/testing/keys";
import { addRotatedConnection, asServerOwner, signsIn } from "@/testing/password-rotations";
import { addTestSecret } from "@/testing/secrets";
import { createPostgresLogin, type PostgresLogin } from "@/testing/servers/postgres-login";

const rounds = Number(process.env.SAGA_ROUNDS ?? 40);
const { token, tokenHash } = newPipelineToken();
let owner: Db;
let fabric: TestFabric;
let automates: ReturnType<typeof createTestAutomates>;
let copies: Copies;
let ownLogin: PostgresLogin;
let pair: PostgresLogin[];

beforeAll(async () => {
  const keys = await createTestKeys();
  const urls = await createTestDatabase("automate");
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  const { fabricId, admin } = fabric;
  const by = { createdById: admin.id, createdByName: admin.name };
  await owner.pipelineToken.create({ data: { fabricId, name: "nightly", tokenHash, ...by } });
  const newLogin = () => createPostgresLogin(urls.ownerUrl);
  ownLogin = await newLogin();
  pair = [await newLogin(), await newLogin(), await newLogin()];
  const [first, second, boss] = pair as [PostgresLogin, PostgresLogin, PostgresLogin];
  await asServerOwner(urls.ownerUrl, [
    `GRANT CONNECT ON DATABASE ${first.database} TO ${second.username}, ${boss.username}`,
    `ALTER ROLE ${boss.username} CREATEROLE`,
    `GRANT ${first.username}, ${second.username} TO ${boss.username} WITH ADMIN OPTION`,
  ]);
  const login = ({ username, password }: PostgresLogin) => ({ username, password });
  for (const [id, subKind, fields] of [
    ["own", "text", { value: ownLogin.password }],
    ["pair", "username_password", login(first)],
    ["boss", "username_password", login(boss)],
  ] as const)
    await addTestSecret(owner, fabric, urls.webUrl, { id, subKind, versions: [{ by: "admin", fields }] });
  await addRotatedConnection(owner, fabric, {
    id: "own",
    secretId: "own",
    login: ownLogin,
    username: ownLogin.username,
  });
  await addRotatedConnection(owner, fabric, { id: "pair", secretId: "pair", login: first });
  const destination = `postgres://${first.server}:${first.port}?tls=disable`;
  await owner.allowedDestination.create({
    data: { fabricId, secretId: "boss", version: 1, destination, ...by },
  });
  const rules = {
    length: 32,
    alphabet: "letters_digits",
    everyDays: 365,
    setById: admin.id,
    setByName: admin.name,
  };
  const users = [first.username, second.username];
  await owner.passwordRotation.createMany({
    data: [
      { secretId: "own", fabricId, connectionId: "own", method: "own", ...rules },
      {
        secretId: "pair",
        fabricId,
        connectionId: "pair",
        method: "pair",
        administratorId: "boss",
        users,
        ...rules,
      },
    ],
  });
  automates = createTestAutomates(() => ({ ...keys.automate, AUTOMATE_DATABASE_URL: urls.automateUrl }));
  copies = await startCopies(automates);
}, 120_000);

afterAll(async () => {
  automates?.stopAll();
  await owner?.$disconnect();
  await closeDb();
});

async function read(name: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` };
  return (await (await fetch(`${copies.any().url}/v1/secrets/${name}`, { headers })).json()).value;
}

/** Starts both rotations now. The overlap of the pair is over. */
async function makeDue(): Promise<void> {
  await owner.$executeRaw`UPDATE password_run SET "promotedAt" = "promotedAt" - interval '1 day'`;
  await owner.$executeRaw`UPDATE password_rotation SET "dueAt" = now()`;
}

/** The copy that works on a run now. */
async function findWorking(): Promise<Copy> {
  for (;;) {
    const run = await owner.passwordRun.findFirst({ where: { endedAt: null, holder: { not: "" } } });
    const copy = run && copies.byPid(Number(run.holder.split("/")[1]));
    if (copy) return copy;
    await sleep(20);
  }
}

/** Waits until no run is open. Those of a killed copy are taken over at once, as if its lease had expired. */
async function settle(): Promise<void> {
  await expect
    .poll(
      async () => {
        await owner.$executeRaw`
        UPDATE password_run SET "leasedUntil" = now() WHERE "endedAt" IS NULL AND "leasedUntil" < now() + interval '14 seconds'`;
        const due = await owner.passwordRotation.count({ where: { dueAt: { lte: new Date() } } });
        return due + (await owner.passwordRun.count({ where: { endedAt: null } }));
      },
      { timeout: 90_000, interval: 250 },
    )
    .toBe(0);
}

test(
  `real copies of automate are killed ${rounds} times in the middle of rotations, and server and secret agree each time`,
  async () => {
    const seen: Record<string, number> = {};
    for (let round = 0; round < rounds; round += 1) {
      await makeDue();
      const victim = await findWorking();
      await sleep(Math.random() * 700);
      await copies.end(victim, "SIGKILL");
      await settle();
      await copies.replace(victim);
      const value = (await read("own")) as string;
      expect(await signsIn(ownLogin, ownLogin.username, value), `own, round ${round}`).toBe(true);
      const { username, password } = (await read("pair")) as { username: string; password: string };
      expect(await signsIn(pair[0] as PostgresLogin, username, password), `pair, round ${round}`).toBe(true);
      // What stands about the password of the server is true.
      for (const run of await owner.passwordRun.findMany({ orderBy: { startedAt: "desc" }, take: 2 })) {
        const key = `${run.secretId} ${run.state} ${run.serverHas}`;
        seen[key] = (seen[key] ?? 0) + 1;
        expect(run.serverHas).not.toBe("unknown");
      }
    }
    // Some were killed before the server had the new password, and some after.
    if (rounds >= 20)
      expect(Object.keys(seen)).toEqual(expect.arrayContaining(["own done new", "own failed former"]));
    process.stdout.write(`${JSON.stringify(seen)}\n`);
  },
  40 * 60_000,
);
