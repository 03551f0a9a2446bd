import { expect, test } from "@playwright/test";
import { findLeaksInDatabaseFiles, findLeaksInLogs, findLeaksInTables } from "@/testing/leak-scan";
import { stack } from "@/testing/stack-address";

// Runs after every journey. All their values share a prefix, so one search of each file is enough.

test("the database's files, write-ahead log and tables contain no value of any journey", async () => {
  const { databaseUrl, postgresDir, canary } = stack();
  expect(await findLeaksInTables(databaseUrl, canary)).toEqual([]);
  expect(await findLeaksInDatabaseFiles(databaseUrl, postgresDir, canary)).toEqual([]);
});

test("no log contains a value of any journey, and neither does the log of Postgres", async () => {
  const { dir, postgresDir, canary } = stack();
  expect(await findLeaksInLogs(dir, canary)).toEqual([]);
  expect(await findLeaksInLogs(`${postgresDir}/..`, canary)).toEqual([]);
});
