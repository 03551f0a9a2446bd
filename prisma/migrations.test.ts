import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const folder = new URL("./migrations/", import.meta.url);
/** Those before are applied everywhere, or make indexes on small tables. */
const ruleBegins = "20261129204500";

const names = readdirSync(folder)
  .filter((name) => /^\d{14}_/.test(name))
  .sort();

/** The indexes that a migration makes on tables of earlier ones, with a lock that keeps writers out. */
function lockingIndexes(sql: string): string[] {
  const made = [...sql.matchAll(/CREATE TABLE "(\w+)"/g)].map(([, table]) => table);
  return [...sql.matchAll(/CREATE (?:UNIQUE )?INDEX (CONCURRENTLY )?[^;]*? ON "(\w+)"/g)]
    .filter(([, concurrently, table]) => !concurrently && !made.includes(table))
    .map(([statement]) => statement);
}

test("an index on a table that has rows is made concurrently", () => {
  const late = names.filter((name) => name >= ruleBegins);
  for (const name of late)
    expect(lockingIndexes(readFileSync(new URL(`${name}/migration.sql`, folder), "utf8")), name).toEqual([]);
});

test("the rule finds what it is for", () => {
  expect(
    lockingIndexes(`CREATE TABLE "new" (id int); CREATE INDEX "a" ON "new"(id); CREATE INDEX "b" ON "audit_event"(at);
      CREATE INDEX CONCURRENTLY "c" ON "audit_event"(at);`),
  ).toEqual([`CREATE INDEX "b" ON "audit_event"`]);
});
