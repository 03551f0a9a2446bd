import { copyFile, writeFile } from "node:fs/promises";
import http from "node:http";
import { join } from "node:path";
import { expect, findLeaksInPage, test } from "@/e2e/fixtures";
import { findLeaks } from "@/testing/canary";
import { findLeaksInDatabaseFiles, findLeaksInLogs, findLeaksInTables } from "@/testing/leak-scan";
import { listen } from "@/testing/servers/listening";
import { stack } from "@/testing/stack-address";
import { database } from "@/testing/tenant";

// The canary of every other test is worth only what it can catch. Each test here leaks its own value in one place.

const ways: Record<string, (secret: string) => string> = {
  raw: (secret) => secret,
  base64: (secret) => Buffer.from(`user:${secret}`).toString("base64"),
  hex: (secret) => Buffer.from(secret).toString("hex"),
  "url-encoded": (secret) => encodeURIComponent(`${secret} & more`),
};
const leaked = `leaked${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`;

test("the canary catches a value in a response: in its body, a header or a React payload", async ({
  page,
  recorder,
}) => {
  const copy = (await (await fetch(new URL("/sign-in", stack().webUrl))).text()).replace(
    /<script/g,
    "<template",
  );
  for (const [way, write] of Object.entries(ways)) {
    for (const place of ["body", "header", "payload"]) {
      const server = http.createServer((_request, response) => {
        if (place === "header") response.setHeader("x-debug", write(leaked));
        const payload =
          place === "payload" ? `<template>self.__next_f.push([1,"${write(leaked)}"])</template>` : "";
        response.setHeader("content-type", "text/html");
        response.end(`${copy}${payload}${place === "body" ? `<!-- ${write(leaked)} -->` : ""}`);
      });
      const { port, close } = await listen(server);
      await recorder.take();
      await page.goto(`http://127.0.0.1:${port}/`);
      const found = (await recorder.take()).flatMap(({ request, content }) =>
        findLeaks(request, content, leaked),
      );
      expect(found.length, `${way} in the ${place}`).toBeGreaterThan(0);
      await page.goto("about:blank");
      await close();
    }
  }
});

test("the canary catches a value in a response that the page has already left", async ({
  page,
  recorder,
}) => {
  const server = http.createServer((request, response) => {
    response.setHeader("content-type", "text/html");
    if (request.url === "/") response.writeHead(302, { location: "/next" }).end(`moved ${leaked}`);
    else response.end("<p>next</p>");
  });
  const { port, close } = await listen(server);
  await page.goto(`http://127.0.0.1:${port}/`);
  const found = (await recorder.take()).flatMap(({ request, content }) =>
    findLeaks(request, content, leaked),
  );
  expect(found.map(({ place }) => place)).toEqual(["GET /"]);
  await close();
});

test("the canary catches a value in a page: in its text or left in a field", async ({ page }) => {
  for (const write of Object.values(ways)) {
    await page.setContent(`<p data-value="${write(leaked)}">saved</p>`);
    expect(await findLeaksInPage(leaked)(page)).not.toEqual([]);
  }
  await page.setContent("<label>Value <textarea></textarea></label>");
  expect(await findLeaksInPage(leaked)(page)).toEqual([]);
  await page.getByLabel("Value").fill(leaked);
  expect(await findLeaksInPage(leaked)(page)).not.toEqual([]);
});

for (const leak of ["a value", "the prefix of its values"] as const)
  test(`a test fails when a response contains ${leak}`, async ({ page, canary }) => {
    test.fail();
    const text = leak === "a value" ? canary.value() : canary.mark;
    const server = await listen(http.createServer((_request, response) => response.end(text)));
    await page.goto(`http://127.0.0.1:${server.port}/`);
    await page.goto("about:blank");
    await server.close();
  });

test("the page blocks a script that it did not load, and the canary fails that test", async ({
  page,
  consoleErrors,
  expectConsoleError,
}) => {
  await page.goto("/sign-in");
  // As a script injection would.
  await page.evaluate(() =>
    document.body.insertAdjacentHTML("beforeend", '<img src="data:," onerror="window.stolen = true">'),
  );
  await expect.poll(() => consoleErrors.length).toBeGreaterThanOrEqual(2);
  expect(await page.evaluate(() => "stolen" in window)).toBe(false);
  expectConsoleError(/Blocked by script-src/);
  expectConsoleError(/Content Security Policy/);
});

test("the canary catches a value in a log of either program", async ({ browserName: _ }, testInfo) => {
  for (const name of ["web.log", "automate.log"]) {
    const copy = testInfo.outputPath(name);
    await copyFile(join(stack().dir, name), copy);
    expect(await findLeaksInLogs(testInfo.outputDir, leaked)).toEqual([]);
    for (const write of Object.values(ways)) {
      await writeFile(copy, `{"level":30,"msg":"${write(leaked)}"}\n`, { flag: "a" });
      expect(await findLeaksInLogs(testInfo.outputDir, leaked)).not.toEqual([]);
      await copyFile(join(stack().dir, name), copy);
    }
  }
});

test("the canary catches a value in a table, and one that is left only in the database's files", async () => {
  test.slow();
  const { databaseUrl, postgresDir } = stack();
  const inFiles = () => findLeaksInDatabaseFiles(databaseUrl, postgresDir, leaked);
  expect(await findLeaksInTables(databaseUrl, leaked)).toEqual([]);
  expect(await inFiles()).toEqual([]);
  for (const write of Object.values(ways)) {
    await database().query("CREATE TABLE leak_probe AS SELECT $1::text AS details", [write(leaked)]);
    expect(await findLeaksInTables(databaseUrl, leaked)).toMatchObject([
      { place: "table public.leak_probe" },
    ]);
    await database().query("DROP TABLE leak_probe");
    expect(await findLeaksInTables(databaseUrl, leaked)).toEqual([]);
  }
  // The write-ahead log still contains dropped rows.
  expect((await inFiles()).map(({ place }) => place).join()).toContain("pg_wal");
});
