import { beforeAll, expect, test } from "vitest";
import { connectionFault } from "@/lib/db/connection-fault";
import { openPool } from "@/lib/db/pool";
import { createTestDatabase } from "@/testing/database";

let good: URL;
let host: string;

beforeAll(async () => {
  good = new URL((await createTestDatabase("web")).webUrl);
  host = good.host;
});

async function faultOf(change: (url: URL) => void) {
  const url = new URL(good);
  change(url);
  const pool = openPool(url.href, 1);
  const error = await pool.query("SELECT 1").then(
    () => undefined,
    (failed: unknown) => failed,
  );
  await pool.end();
  return connectionFault(error, url.href);
}

test("a wrong password is reported as such, and the program does not wait", async () => {
  expect(await faultOf((url) => Object.assign(url, { password: "wrong-5d1" }))).toEqual({
    sentence: `The database at ${host} rejects the login "${good.username}": the password is wrong, or the role does not exist. A dump does not include roles: npm run migrate creates them.`,
    isTemporary: false,
  });
});

test("a missing role is reported the same way", async () => {
  const { sentence, isTemporary } = await faultOf((url) => Object.assign(url, { username: "nobody_here" }));
  expect(sentence).toContain(
    `rejects the login "nobody_here": the password is wrong, or the role does not exist.`,
  );
  expect(isTemporary).toBe(false);
});

test("a missing database is reported the same way", async () => {
  expect(await faultOf((url) => Object.assign(url, { pathname: "/not_there" }))).toEqual({
    sentence: `Database "not_there" not found at ${host}: create it, or correct the URL.`,
    isTemporary: false,
  });
});

test("the program waits for a server that is not up yet", async () => {
  expect(await faultOf((url) => Object.assign(url, { port: "9" }))).toEqual({
    sentence: "The database at 127.0.0.1:9 cannot be reached (ECONNREFUSED).".replace(
      "127.0.0.1",
      good.hostname,
    ),
    isTemporary: true,
  });
});

test("the message names a host that does not resolve", async () => {
  const { sentence, isTemporary } = await faultOf((url) =>
    Object.assign(url, { hostname: "nowhere.invalid" }),
  );
  expect(sentence).toBe(`The host name of the database, nowhere.invalid:${good.port}, cannot be resolved.`);
  expect(isTemporary).toBe(true);
});
