import { readFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "@/e2e/fixtures";
import { startWebCopy } from "@/e2e/program-copy";
import { sendRaw } from "@/e2e/raw-request";
import { callerOf } from "@/testing/server-actions";
import { listen } from "@/testing/servers/listening";
import { startSession } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { createPerson } from "@/testing/tenant";

/** A connection to the database that a test can cut. */
async function cuttableDatabase(url: string) {
  const database = new URL(url);
  const { hostname, port } = database;
  const way = await listen(
    createServer((socket) => {
      const onward = connect(Number(port), hostname);
      socket.pipe(onward).pipe(socket);
      socket.on("close", () => onward.destroy());
      onward.on("error", () => undefined).on("close", () => socket.destroy());
    }),
  );
  database.port = String(way.port);
  return { url: database.href, port: way.port, cut: way.close };
}

test("web's log has names and codes in JSON, and no message of a driver", { tag: "@long" }, async ({
  tenant,
}) => {
  const database = await cuttableDatabase(stack().webEnv.WEB_DATABASE_URL ?? "");
  const web = await startWebCopy("web-cut-off", () => ({ WEB_DATABASE_URL: database.url }));
  const { cookie = "" } = await callerOf(tenant.admin);
  const page = () =>
    fetch(new URL(`/metadata/fabrics/${tenant.fabric.id}/secrets`, web.url), { headers: { cookie } });
  try {
    expect((await page()).status).toBe(200);
    await database.cut();
    expect((await page()).status).toBe(503);
    const api = new URL("/api/orchestration/fabric", web.url);
    const headers = { "x-auth-token": `svu_${"x".repeat(40)}` };
    expect((await fetch(api, { headers })).status).toBe(401);
  } finally {
    await web.stop();
  }
  const text = await readFile(join(stack().dir, "web-cut-off.log"), "utf8");
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const allowed = ["time", "level", "message", "name", "code", "method", "route", "type", "status"];
  expect(lines.flatMap((line) => Object.keys(line)).filter((key) => !allowed.includes(key))).toEqual([]);
  expect(lines.filter(({ level }) => level === "error").length).toBeGreaterThan(0);
  expect(text).not.toMatch(new RegExp(`${database.port}|127\\.0\\.0\\.1:(?!${new URL(web.url).port})`));
  expect(text).not.toContain(tenant.fabric.id);
});

test("under https every cookie has the prefix that other hosts cannot plant", { tag: "@long" }, async ({
  tenant,
}) => {
  const password = "correct horse battery staple";
  const person = await createPerson({ name: "Hana Host", password, in: tenant.team });
  const web = await startWebCopy("web-https", () => ({ PUBLIC_URL: "https://selvage.test" }));
  const ask = (line: string, more: readonly string[], body = "") =>
    sendRaw(
      web.url,
      [`${line} HTTP/1.1`, "host: selvage.test", `content-length: ${Buffer.byteLength(body)}`, ...more],
      body,
    );
  const cookiesOf = (head: string) =>
    [...head.matchAll(/^set-cookie: (.*)$/gim)].map(([, cookie = ""]) => cookie);
  try {
    const first = await ask("GET /api/auth/csrf", []);
    const csrf = /"csrfToken":"(\w+)"/.exec(first.body)?.[1] ?? "";
    const form = new URLSearchParams({
      csrfToken: csrf,
      email: person.email,
      password,
      json: "true",
    }).toString();
    const jar = cookiesOf(first.head).map((cookie) => cookie.split(";")[0]);
    const type = "content-type: application/x-www-form-urlencoded";
    const signedIn = await ask("POST /api/auth/callback/password", [`cookie: ${jar.join("; ")}`, type], form);
    const cookies = [...cookiesOf(first.head), ...cookiesOf(signedIn.head)];
    const session = cookies.find((cookie) => cookie.startsWith("__Host-next-auth.session-token="));
    expect(session).toMatch(/; Path=\/;.*; HttpOnly; Secure; SameSite=Lax$/);
    for (const cookie of cookies) {
      expect(cookie).toMatch(/^__Host-next-auth\.[\w.-]+=.*; Path=\/;.*Secure/);
      expect(cookie).not.toMatch(/domain/i);
    }
    const [pair = ""] = session?.split(";") ?? [];
    expect((await ask("GET /metadata", [`cookie: ${pair}`])).status).toBe(200);
    expect((await ask("GET /metadata", [])).head).toMatch(/^strict-transport-security: /im);
    // A cookie that a neighbour host could have planted grants nothing.
    const planted = `__Secure-next-auth.session-token=${await startSession(person)}`;
    expect((await ask("GET /metadata", [`cookie: ${planted}`])).status).toBe(307);
  } finally {
    await web.stop();
  }
});
