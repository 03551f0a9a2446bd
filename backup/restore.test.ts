import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findBackup, openBackup } from "@/backup/read-backup";
import { writeBackup } from "@/backup/write-backup";
import { programVersion } from "@/lib/program-version";
import { applyMigrations, migrationNames } from "@/prisma/migrate/apply-migrations";
import { asMigrator, migrate } from "@/prisma/migrate/migration";
import { type BackedUpSystem, createBackedUpSystem } from "@/testing/backed-up-system";
import { allRows, backupFolder, queryAs } from "@/testing/backups";
import { findLeaksInFile } from "@/testing/canary";
import { createEmptyDatabase } from "@/testing/database";

let system: BackedUpSystem;
/** One backup for the tests that only read it. */
let folder: string;

beforeAll(async () => {
  system = await createBackedUpSystem("canary-b1c2d3 ünïcode\n\t\\N");
  folder = (await system.back(backupFolder())).folder;
});
afterAll(() => system.owner.$disconnect());

const restore: BackedUpSystem["restore"] = (...args) => system.restore(...args);
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => "not refused",
    (error: Error) => error.message,
  );

test("a restored database has every row of the backup, but leases and rates", async () => {
  const target = await createEmptyDatabase();
  await restore(folder, target, true);
  const without = [
    ...["_prisma_migrations", "rate_window", "web_rate_window", "check_lease"],
    // The restore itself writes into these.
    ...["audit_event", "schema_info"],
  ];
  expect(await allRows(target, without)).toEqual(await allRows(system.urls.ownerUrl, without));
  // Automate may record another event after the backup.
  const { takenAt } = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
  const events = `SELECT id, action FROM audit_event WHERE action <> 'backup.restore' AND at <= '${takenAt}' ORDER BY id`;
  expect(await queryAs(target, events)).toEqual(await queryAs(system.urls.ownerUrl, events));
  expect(await queryAs(target, "SELECT 1 FROM rate_window UNION ALL SELECT 1 FROM check_lease")).toEqual([]);
});

test("a restore creates the roles' rights anew", async () => {
  const target = await createEmptyDatabase();
  await restore(folder, target);
  const may = (right: string) =>
    queryAs(
      target,
      `SELECT has_column_privilege('${system.rolePrefix}_web', 'secret_field', 'sealed', '${right}') AS may`,
    );
  expect(await may("INSERT")).toEqual([{ may: true }]);
  expect(await may("SELECT")).toEqual([{ may: false }]);
});

test("a restore ends sessions, access tokens and invitations, and names the pipeline tokens that work again", async () => {
  const target = await createEmptyDatabase();
  const { counts, pipelineTokens } = (await restore(folder, target)).access;
  expect(counts).toEqual({ sessions: 1, accessTokens: 1, invitations: 1, entryLinks: 0 });
  expect(pipelineTokens.map(({ name, createdBy }) => [name, createdBy])).toEqual([["nightly", "Ada Admin"]]);
  const valid = `SELECT (SELECT count(*)::int FROM session WHERE "revokedAt" IS NULL) AS sessions,
    (SELECT count(*)::int FROM access_token WHERE "revokedAt" IS NULL) AS tokens,
    (SELECT count(*)::int FROM invitation) AS invitations, (SELECT min("accessEpoch")::int FROM app_user) AS epoch`;
  expect(await queryAs(target, valid)).toEqual([{ sessions: 0, tokens: 0, invitations: 0, epoch: 1 }]);
  expect(
    await queryAs(
      target,
      `SELECT "actorName", details->>'sessions' AS sessions FROM audit_event WHERE action = 'backup.restore'`,
    ),
  ).toEqual([{ actorName: "Command line", sessions: "1" }]);
});

test("a restore pauses the rotations that ran during the backup", async () => {
  const { id, name } = system.fabric.admin;
  const running = { target: "k", total: 1, startedById: id, startedByName: name };
  const by = { holder: "host/1", leasedUntil: new Date(Date.now() + 30_000) };
  const rotation = await system.owner.keyRotation.create({ data: { kind: "master", ...running, ...by } });
  const { folder: taken } = await system.back(backupFolder());
  await system.owner.keyRotation.delete({ where: { id: rotation.id } });
  const target = await createEmptyDatabase();
  expect((await restore(taken, target)).work.pausedRotations).toBe(1);
  expect(
    await queryAs(target, `SELECT state, holder, "leasedUntil" <= now() AS free FROM key_rotation`),
  ).toEqual([{ state: "paused", holder: "", free: true }]);
});

test("a restore sets no password at a server: it pauses the schedules, and ends the runs", async () => {
  const { fabricId, admin } = system.fabric;
  const { owner } = system;
  const by = { id: admin.id, name: admin.name };
  const secretId = "rotated";
  const author = { createdById: by.id, createdByName: by.name, updatedById: by.id, updatedByName: by.name };
  const named = { id: secretId, fabricId, name: secretId, nameKey: secretId, subKind: "text" };
  await owner.secret.create({ data: { ...named, ...author } });
  const values = { method: "own", users: [], length: 24, alphabet: "letters_digits", everyDays: 30 };
  const set = { setById: by.id, setByName: by.name, dueAt: new Date() };
  await owner.passwordRotation.create({ data: { secretId, fabricId, connectionId: "c", ...values, ...set } });
  await owner.secretCandidate.create({
    data: { secretId, number: 1, fabricId, baseVersion: 1, expiresAt: new Date() },
  });
  const started = { startedById: by.id, startedByName: by.name, candidate: 1, holder: "host/1" };
  await owner.passwordRun.create({ data: { secretId, fabricId, ...started } });
  const { folder: taken } = await system.back(backupFolder());
  await owner.secret.delete({ where: { id: secretId } });
  const target = await createEmptyDatabase();
  expect((await restore(taken, target)).work).toMatchObject({ pausedSchedules: 1, endedRuns: 1 });
  const left = `SELECT r."dueAt", r.problem, p.state, p."serverHas", p.holder, p."endedAt" IS NOT NULL AS ended,
      c."expiresAt" > now() + interval '23 hours' AS kept
    FROM password_rotation r JOIN password_run p USING ("secretId") JOIN secret_candidate c USING ("secretId")`;
  expect(await queryAs(target, left)).toEqual([
    {
      ...{ dueAt: null, problem: "restored", state: "failed", serverHas: "unknown" },
      ...{ holder: "", ended: true, kept: true },
    },
  ]);
});

test("a restore gives a fabric that was to be destroyed its whole time again", async () => {
  const day = 86_400_000;
  const { fabricId, admin } = system.fabric;
  const by = { requestedById: admin.id, requestedByName: admin.name };
  const times = { requestedAt: new Date(Date.now() - 8 * day), destroyAt: new Date(Date.now() - day) };
  await system.owner.fabricDeletion.create({ data: { fabricId, ...by, ...times } });
  const { folder: taken } = await system.back(backupFolder());
  await system.owner.fabricDeletion.delete({ where: { fabricId } });
  const target = await createEmptyDatabase();
  expect((await restore(taken, target)).work.postponedDeletions).toHaveLength(1);
  const left = `SELECT round(extract(epoch FROM "destroyAt" - now()) / 86400)::int AS days FROM fabric_deletion`;
  expect(await queryAs(target, left)).toEqual([{ days: 7 }]);
});

test("a restore revokes open entry links, and gives the trash its whole time again", async () => {
  const { fabricId, admin } = system.fabric;
  const longAgo = new Date(Date.now() - 6 * 86_400_000);
  const by = { createdById: admin.id, createdByName: admin.name, createdEpoch: 0 };
  const link = { fabricId, name: "Vendor", secretName: "s", subKind: "text", ...by };
  const expiresAt = new Date(Date.now() + 86_400_000);
  for (const id of ["open", "used"])
    await system.owner.entryLink.create({
      data: {
        ...{ ...link, id, tokenHash: id, expiresAt },
        ...(id === "used" ? { use: { create: { secretId: "s", version: 1 } } } : {}),
      },
    });
  const deleted = { deletedAt: longAgo, deletedById: admin.id, deletedByName: admin.name };
  await system.owner.trashedConnection.create({
    data: {
      ...{ id: "gone", fabricId, name: "Gone", nameKey: "gone", kind: "postgres", properties: {} },
      ...{
        configHash: "h",
        placedAt: longAgo,
        createdAt: longAgo,
        createdById: admin.id,
        createdByName: "A",
      },
      ...deleted,
    },
  });
  const { folder: taken } = await system.back(backupFolder());
  await system.owner.entryLink.deleteMany();
  await system.owner.trashedConnection.deleteMany();
  const target = await createEmptyDatabase();
  const { access, work } = await restore(taken, target);
  expect([access.counts.entryLinks, work.trashed]).toEqual([1, 1]);
  expect(await queryAs(target, `SELECT id FROM entry_link WHERE "revokedAt" IS NULL`)).toEqual([
    { id: "used" },
  ]);
  const age = `SELECT now() - "deletedAt" < interval '1 minute' AS fresh FROM trashed_connection`;
  expect(await queryAs(target, age)).toEqual([{ fresh: true }]);
});

test.runIf(process.env.RUN_LONG)("with keepAccess they stay", async () => {
  const target = await createEmptyDatabase();
  await restore(folder, target, true);
  expect(await queryAs(target, `SELECT "accessEpoch" FROM app_user WHERE "accessEpoch" > 0`)).toEqual([]);
  expect(await queryAs(target, `SELECT 1 AS one FROM session WHERE "revokedAt" IS NULL`)).toEqual([
    { one: 1 },
  ]);
});

test("a backup names the master keys that it needs, with the number of their fabric keys", async () => {
  const { manifest } = await openBackup(folder, system.publicKeys());
  const [{ id }] = (await queryAs<{ id: string }>(
    system.urls.ownerUrl,
    `SELECT "masterKeyId" AS id FROM fabric_key`,
  )) as [{ id: string }];
  expect(manifest.masterKeys).toMatchObject([{ fingerprint: id, fabricKeys: 1 }]);
  expect([manifest.fabrics, manifest.values]).toEqual([1, 4]);
});

test.runIf(process.env.RUN_LONG)(
  "a backup is of one moment while people write, and every row arrives",
  async () => {
    let isWriting = true;
    let written = 0;
    const begun = Promise.withResolvers<void>();
    const writer = (async () => {
      while (isWriting) {
        await system.owner.$transaction(async (tx) => {
          const name = `moving-${written}`;
          await tx.team.create({ data: { name, nameKey: name } });
          await tx.user.create({ data: { name, email: `${name}@x.example`, emailKey: `${name}@x.example` } });
        });
        written += 1;
        begun.resolve();
      }
    })();
    await begun.promise;
    const { folder: taken } = await system.back(backupFolder());
    isWriting = false;
    await writer;
    const target = await createEmptyDatabase();
    await restore(taken, target);
    const pairs = `SELECT (SELECT count(*)::int FROM team WHERE name LIKE 'moving-%') AS teams,
    (SELECT count(*)::int FROM app_user WHERE name LIKE 'moving-%') AS people`;
    const [{ teams, people }] = (await queryAs<{ teams: number; people: number }>(target, pairs)) as [
      { teams: number; people: number },
    ];
    expect(teams).toBe(people);
    expect(teams).toBeGreaterThan(0);
    expect(teams).toBeLessThanOrEqual(written);
  },
);

test.runIf(process.env.RUN_LONG)("the latest of several backups is found by its name", async () => {
  const parent = backupFolder();
  await system.back(parent);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const latest = await system.back(parent);
  expect(await findBackup(parent)).toBe(latest.folder);
  expect(readdirSync(parent).filter((name) => name.startsWith("."))).toEqual([]);
});

test.runIf(process.env.RUN_LONG)("a database that was just migrated counts as empty", async () => {
  const target = await createEmptyDatabase();
  await migrate({ databaseUrl: target, rolePrefix: system.rolePrefix, logins: {} });
  await restore(folder, target);
  expect(await queryAs(target, "SELECT count(*)::int AS count FROM secret")).toEqual([{ count: 2 }]);
});

test.runIf(process.env.RUN_LONG)("a restore that is repeated says that it is complete", async () => {
  const target = await createEmptyDatabase();
  await restore(folder, target);
  expect(await refusal(restore(folder, target))).toMatch(/already restored here, with all rows/);
});

test.runIf(process.env.RUN_LONG)("a restore that is killed leaves no row, and can run again", async () => {
  const target = await createEmptyDatabase();
  await migrate({ databaseUrl: target, rolePrefix: system.rolePrefix, logins: {} });
  // Stops the restore in the middle of its rows.
  await queryAs(
    target,
    `CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$`,
  );
  await queryAs(
    target,
    "CREATE TRIGGER wait BEFORE INSERT ON secret_version FOR EACH ROW EXECUTE FUNCTION wait()",
  );
  const interrupted = restore(folder, target).catch((error: Error) => error);
  const waiting = () =>
    queryAs<{ pid: number }>(
      target,
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'",
    );
  await expect.poll(waiting).toHaveLength(1);
  const [session] = await waiting();
  await queryAs(target, "SELECT pg_terminate_backend($1)", [session?.pid]);
  expect(await interrupted).toBeInstanceOf(Error);
  expect(await queryAs(target, "SELECT id FROM app_user UNION ALL SELECT id FROM audit_event")).toEqual([]);
  await queryAs(target, "DROP TRIGGER wait ON secret_version");
  await restore(folder, target);
  expect(await queryAs(target, "SELECT count(*)::int AS count FROM secret")).toEqual([{ count: 2 }]);
});

test("a backup from before an upgrade is brought to the present schema", async () => {
  const before = await createEmptyDatabase();
  const earlier = (await migrationNames()).filter((name) => name < "20261130170000");
  await asMigrator(before, (client) => applyMigrations(client, before, () => {}, earlier));
  await queryAs(before, `INSERT INTO team (id, name, "nameKey") VALUES ('t', 'Old', 'old')`);
  const { folder: old } = await writeBackup({
    databaseUrl: before,
    parent: backupFolder(),
    sign: system.sign,
    publicKeys: system.publicKeys(),
  });
  const target = await createEmptyDatabase();
  await restore(old, target);
  expect(await queryAs(target, "SELECT name, (SELECT count(*)::int FROM drill) AS drills FROM team")).toEqual(
    [{ name: "Old", drills: 0 }],
  );
  expect(await queryAs(target, `SELECT "migratedBy" FROM schema_info`)).toEqual([
    { migratedBy: programVersion },
  ]);
});

test("no file of a backup contains a value", async () => {
  for (const name of readdirSync(folder)) {
    expect(await findLeaksInFile(join(folder, name), "canary-b1c2d3")).toEqual([]);
  }
  const { gunzipSync } = await import("node:zlib");
  const { findLeaks } = await import("@/testing/canary");
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".gz")))
    expect(findLeaks(name, gunzipSync(readFileSync(join(folder, name))), "canary-b1c2d3")).toEqual([]);
});

test("no table has a sequence, whose state a backup of rows would lose", async () => {
  expect(await queryAs(system.urls.ownerUrl, "SELECT relname FROM pg_class WHERE relkind = 'S'")).toEqual([]);
});
