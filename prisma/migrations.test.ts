import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const folder = new URL("./migrations/", import.meta.url);
/** Earlier migrations are applied everywhere or create indexes on small tables. */
const ruleBegins = "20261129204500";

const names = readdirSync(folder)
  .filter((name) => /^\d{14}_/.test(name))
  .sort();

/** The indexes that a migration creates on earlier tables with a lock that blocks writers. */
function lockingIndexes(sql: string): string[] {
  const createdTables = [...sql.matchAll(/CREATE TABLE "(\w+)"/g)].map(([, table]) => table);
  return [...sql.matchAll(/CREATE (?:UNIQUE )?INDEX (CONCURRENTLY )?[^;]*? ON "(\w+)"/g)]
    .filter(([, concurrently, table]) => !concurrently && !createdTables.includes(table))
    .map(([statement]) => statement);
}

test("migrations create indexes on tables with rows concurrently", () => {
  const late = names.filter((name) => name >= ruleBegins);
  for (const name of late)
    expect(lockingIndexes(readFileSync(new URL(`${name}/migration.sql`, folder), "utf8")), name).toEqual([]);
});

test("the rule finds a violation", () => {
  expect(
    lockingIndexes(`CREATE TABLE "new" (id int); CREATE INDEX "a" ON "new"(id); CREATE INDEX "b" ON "audit_event"(at);
      CREATE INDEX CONCURRENTLY "c" ON "audit_event"(at);`),
  ).toEqual([`CREATE INDEX "b" ON "audit_event"`]);
});
