import { expect, test } from "@playwright/test";
import { stack } from "@/e2e/stack-address";
import { findLeaksInDatabaseFiles, findLeaksInLogs, findLeaksInTables } from "@/e2e/stored";

// Runs after every journey. All their values begin alike, so that one look at each file is enough.

test("no value of any journey is in the database's files, its write-ahead log or its tables", async () => {
  const { databaseUrl, postgresDir, canary } = stack();
  expect(await findLeaksInTables(databaseUrl, canary)).toEqual([]);
  expect(await findLeaksInDatabaseFiles(databaseUrl, postgresDir, canary)).toEqual([]);
});

test("no value of any journey is in a log, of Postgres neither", async () => {
  const { dir, postgresDir, canary } = stack();
  expect(await findLeaksInLogs(dir, canary)).toEqual([]);
  expect(await findLeaksInLogs(`${postgresDir}/..`, canary)).toEqual([]);
});
