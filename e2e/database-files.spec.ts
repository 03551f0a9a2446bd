import { expect, test } from "@playwright/test";
import { findLeaksInDatabaseFiles, findLeaksInLogs, findLeaksInTables } from "@/testing/leak-scan";
import { stack } from "@/testing/stack-address";

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
