import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, expect, test } from "vitest";
import { grant } from "@/lib/access/scope";
import { listActivity, pageQuery } from "@/lib/activity/queries";
import { listSecretAccess } from "@/lib/activity/secret-access";
import { activityFilter } from "@/lib/audit/schema";
import { closeDb } from "@/lib/db/client";
import { applyMigrations, migrationNames } from "@/prisma/migrate/apply-migrations";
import { asMigrator, migrate } from "@/prisma/migrate/migration";
import { monthOf } from "@/prisma/partitions/partitions";
import { createEmptyDatabase, createTestDatabase } from "@/testing/database";
import { existing } from "@/testing/fabric";
import { addManyEvents, manyEvents } from "@/testing/many-events";

/* Activity is as quick with ten million events as with one million, and the upgrade of such a log stops nobody. */

const most = Number(process.env.EVENTS ?? 10_000_000);
/** How much of them an earlier version recorded, and how much this one did, in four monthly partitions. */
const parts = { former: 0.75, present: 0.25 };
const rounds = Number(process.env.ROUNDS ?? 100);
const limitMs = 200;

const admin = {
  kind: "user",
  id: "user-1",
  name: "Ada",
  email: "a@b",
  accessEpoch: 0,
  authenticatedAt: new Date(),
} as const;
const place = { id: manyEvents.fabricId, teamId: "team-0", ...existing };
const scope = grant(admin, "admin", place, "activity:list");

const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const { secret, pipeline } = manyEvents;
const filters: Record<string, Record<string, string>> = {
  none: {},
  "a month": { from: day(-60), to: day(-30) },
  "a pipeline": { actor: pipeline(3) },
  "a person": { actor: "user-3" },
  "an access token": { actor: "token-3" },
  "what an access token did to a secret": { actor: "token-0", object: secret(40) },
  nobody: { actor: "stranger" },
  "a secret": { object: secret(41) },
  "a secret that is rare": { object: "secret-rare" },
  "a kind of event": { event: "used" },
  "a kind that is rare": { event: "changed", kind: "secret", object: "secret-rare" },
  "a kind without events": { event: "destinations" },
  "refusals of a secret": { object: secret(41), event: "refused" },
  "what a person did to a secret": { actor: "user-0", object: secret(40) },
  "a pipeline that never read a secret": { actor: pipeline(3), object: secret(40) },
  "changes by a pipeline": { actor: pipeline(3), event: "changed" },
  "uses of a secret by a pipeline in a month": {
    actor: pipeline(3),
    object: secret(41),
    event: "used",
    from: day(-60),
    to: day(-30),
  },
  "a kind of object without events": { kind: "connection" },
  "a text": { search: "name 41" },
  "a text that is rare": { search: "rare" },
  "a text without a match": { search: "zzz" },
  "a text, by a pipeline": { search: "name 4", actor: pipeline(3) },
};

const buffersOf = (plan: { "Shared Hit Blocks": number; "Shared Read Blocks": number }) =>
  plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];

let web: Client;
afterAll(async () => {
  await web?.end();
  await closeDb();
});

type Measured = { buffers: number; p50: number; p99: number; events: number };

async function measure(): Promise<Record<string, Measured>> {
  const measured: Record<string, Measured> = {};
  for (const [name, input] of Object.entries(filters)) {
    const filter = activityFilter.parse(input);
    const { query } = await pageQuery(scope, filter);
    const { rows } = await web.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${query.text}`, query.values);
    const times: number[] = [];
    let events = 0;
    for (let n = 0; n < rounds; n += 1) {
      const began = performance.now();
      events = (await listActivity(scope, filter)).events.length;
      times.push(performance.now() - began);
    }
    times.sort((one, other) => one - other);
    measured[name] = {
      buffers: buffersOf(rows[0]["QUERY PLAN"][0].Plan),
      p50: times[Math.ceil(rounds * 0.5) - 1] ?? 0,
      p99: times[Math.ceil(rounds * 0.99) - 1] ?? 0,
      events,
    };
  }
  const began = performance.now();
  await listSecretAccess(scope, { secretId: secret(41), from: new Date(day(-60)), to: new Date(day(-30)) });
  const took = performance.now() - began;
  measured["who had access to a secret"] = { buffers: 0, p50: took, p99: took, events: 0 };
  return measured;
}

/** Writes an event again and again, as a program of the earlier version, and returns the longest time that one took. */
function writeMeanwhile(url: string): () => Promise<number> {
  let isDone = false;
  const writing = (async () => {
    const client = new Client({ connectionString: url });
    await client.connect();
    let longest = 0;
    while (!isDone) {
      const began = performance.now();
      await addManyEvents((text, values) => client.query(text, [...values]), 1, {
        days: 0,
        until: new Date(),
      }).catch(
        // All but the first have the id of the same moment.
        (error) => expect(error.code).toBe("23505"),
      );
      longest = Math.max(longest, performance.now() - began);
      await sleep(20);
    }
    await client.end();
    return longest;
  })();
  return () => {
    isDone = true;
    return writing;
  };
}

test("every filter reads as little of ten million events as of one million, and the upgrade stops nobody", async () => {
  const urls = await createTestDatabase("web", { ownRoles: true });
  const name = new URL(urls.ownerUrl).pathname.slice(1);
  const server = new Client({ connectionString: process.env.TEST_DATABASE_URL });
  await server.connect();
  await server.query(`DROP DATABASE ${name}`);
  const earlier = (await migrationNames()).filter((one) => one < "20261201080100");
  const results = [];
  for (const count of [most / 10, most]) {
    const databaseUrl = await createEmptyDatabase();
    await asMigrator(databaseUrl, (client) => applyMigrations(client, databaseUrl, console.log, earlier));
    const owner = new Client({ connectionString: databaseUrl });
    await owner.connect();
    const run = (text: string, values: readonly unknown[]) => owner.query(text, [...values]);
    await addManyEvents(run, count * parts.former, { days: 300, until: new Date() });
    await owner.query("VACUUM ANALYZE audit_event");
    const stop = writeMeanwhile(databaseUrl);
    const began = performance.now();
    const logins = { [`${name}_web_login`]: "test" };
    await migrate({ databaseUrl, rolePrefix: name, logins, log: console.log });
    const seconds = (performance.now() - began) / 1000;
    const longestWrite = await stop();
    const until = new Date(monthOf(new Date(), 4).getTime() - 1000);
    await addManyEvents(run, count * parts.present, { days: 90, until });
    await owner.query("VACUUM ANALYZE audit_event");
    await owner.end();
    const swap = `t_${Date.now()}`;
    await server.query(`ALTER DATABASE ${new URL(databaseUrl).pathname.slice(1)} RENAME TO ${name}`);
    web = new Client({ connectionString: urls.webUrl });
    await web.connect();
    await web.query("SET enable_sort = off");
    results.push({ count, seconds, longestWrite, filters: await measure() });
    await web.end();
    await closeDb();
    await server.query(`ALTER DATABASE ${name} RENAME TO ${swap}`);
  }
  await server.end();
  const [small, large] = results;
  for (const { count, seconds, longestWrite } of results)
    console.log(
      `${count} events: migrated in ${seconds.toFixed(1)} s, longest write ${longestWrite.toFixed(0)} ms`,
    );
  for (const [one, { buffers, p50, p99, events }] of Object.entries(large?.filters ?? {}))
    console.log(
      `${one}: ${events} events, ${buffers} buffers (${small?.filters[one]?.buffers} of a tenth), p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
    );
  for (const [one, { buffers, p99, events }] of Object.entries(large?.filters ?? {})) {
    const before = small?.filters[one] ?? { buffers: 0, events: 0 };
    // An index of ten times as many entries may be one level deeper. A page may have more events.
    expect(buffers, one).toBeLessThanOrEqual(before.buffers * 1.5 + 20 + events - before.events);
    expect(p99, one).toBeLessThan(limitMs);
  }
  expect(large?.longestWrite).toBeLessThan(3_500);
}, 3_600_000);
