import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findLeaks, findLeaksInFile } from "@/testing/canary";

const value = `canary${randomBytes(12).toString("hex")}`;
const awkward = `${value} "quoted" \\ é\r\n+/=&${value}`;
let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "selvage-canary-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** One leak for each encoding in which a careless program may write a value. */
const leaks: Record<string, (secret: string) => string> = {
  raw: (secret) => `password=${secret};`,
  json: (secret) => JSON.stringify({ password: secret }),
  "json in json": (secret) => JSON.stringify(JSON.stringify({ password: secret })),
  base64: (secret) => Buffer.from(secret).toString("base64"),
  "base64 after one byte": (secret) => Buffer.from(`x${secret}`).toString("base64"),
  "base64 after two bytes": (secret) => Buffer.from(`xy${secret}z`).toString("base64"),
  base64url: (secret) => Buffer.from(`user:${secret}`).toString("base64url"),
  hex: (secret) => Buffer.from(secret).toString("hex"),
  "upper-case hex": (secret) => Buffer.from(secret).toString("hex").toUpperCase(),
  "url-encoded": (secret) => `/?password=${encodeURIComponent(secret)}`,
  "form-encoded": (secret) => new URLSearchParams({ password: secret }).toString(),
  "percent-encoded": (secret) => Buffer.from(secret).toString("hex").replace(/../g, "%$&"),
};

test.each(Object.entries(leaks))("the canary catches a leak as %s", (_name, leak) => {
  expect(findLeaks("here", `before ${leak(value)} after`, value)).not.toEqual([]);
  expect(findLeaks("here", `before ${leak(awkward)} after`, value)).not.toEqual([]);
});

test("the canary catches a value with any characters as a whole, in every form and position", () => {
  const text = fc.string({ unit: "binary", minLength: 8 }).filter((made) => made.isWellFormed());
  fc.assert(
    fc.property(
      text,
      fc.string({ maxLength: 4 }),
      fc.constantFrom(...Object.keys(leaks)),
      (secret, prefix, way) => {
        fc.pre(way !== "json in json");
        const leaked = way.startsWith("base64")
          ? Buffer.from(`${prefix}${secret}`).toString(way === "base64url" ? "base64url" : "base64")
          : (leaks[way]?.(secret) ?? "");
        expect(findLeaks("here", leaked, secret)).not.toEqual([]);
      },
    ),
  );
});

test("the canary ignores a value that is only similar", () => {
  const other = `canary${randomBytes(12).toString("hex")}`;
  for (const leak of Object.values(leaks)) expect(findLeaks("here", leak(other), value)).toEqual([]);
});

test("the canary catches a leak across two blocks of a large binary file", async () => {
  const path = join(dir, "large");
  const block = 4 * 1024 * 1024;
  for (const leak of Object.values(leaks)) {
    const bytes = randomBytes(block + 4096);
    bytes.write(leak(value), block - 20);
    await writeFile(path, bytes);
    expect(await findLeaksInFile(path, value)).not.toEqual([]);
  }
  await writeFile(path, randomBytes(block + 4096));
  expect(await findLeaksInFile(path, value)).toEqual([]);
});

test("the report names the place and the form of a leak", () => {
  expect(findLeaks("web.log", `password=${value}`, value)).toEqual([
    { place: "web.log", form: "raw", around: `password=${value}` },
  ]);
});
