import { violations } from "@/e2e/axe";
import { expect, test } from "@/e2e/fixtures";
import { sendEndless, sendRaw } from "@/e2e/raw-request";
import { callerOf, serverActions } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";

const host = () => `host: ${new URL(stack().webUrl).host}`;

const refused: [name: string, status: number, head: readonly string[]][] = [
  ["TRACE", 405, ["TRACE /sign-in HTTP/1.1"]],
  ["TRACE of the management API", 405, ["TRACE /api/orchestration/fabric HTTP/1.1"]],
  ["PUT of a page", 405, ["PUT /sign-in HTTP/1.1"]],
  ["a method that nobody knows", 405, ["PROPFIND /sign-in HTTP/1.1"]],
  ["a POST to a page that is no server action", 405, ["POST /sign-in HTTP/1.1", "content-length: 0"]],
  ["a path with half an escape", 400, ["GET /join/%zz HTTP/1.1"]],
  ["half an escape below next-auth", 400, ["GET /api/auth/%zz HTTP/1.1"]],
  ["half an escape below the routes of pages", 400, ["GET /api/app/fabrics/%/secret-options HTTP/1.1"]],
  ["half an escape in a static file's name", 400, ["GET /_next/static/%E0%A4%A HTTP/1.1"]],
  ["a path that is not UTF-8", 400, ["GET /metadata/fabrics/%ff/secrets HTTP/1.1"]],
  ["an absolute target", 400, ["GET http://evil.example/metadata HTTP/1.1"]],
  [
    "an absolute target that wants to upgrade",
    400,
    ["GET http://evil.example/ HTTP/1.1", "upgrade: websocket", "connection: upgrade"],
  ],
  ["a target with dots that leads elsewhere", 400, ["GET /x/../api/auth/callback/password HTTP/1.1"]],
  ["a target of another host", 400, ["GET //evil.example/metadata HTTP/1.1"]],
  ["a target that is no path", 400, ["OPTIONS * HTTP/1.1"]],
  ["two hosts", 400, ["GET /sign-in HTTP/1.1", "host: evil.example"]],
  ["a GET of the password callback", 405, ["GET /api/auth/callback/password HTTP/1.1"]],
  ["a foreign callbackUrl", 400, ["GET /api/auth/csrf?callbackUrl=https%3A%2F%2Fevil.example%2F HTTP/1.1"]],
  [
    "a callbackUrl that only begins like ours",
    400,
    ["GET /api/auth/signin?callbackUrl=http://localhost:4520.evil.example HTTP/1.1"],
  ],
  ["a callbackUrl that is a script", 400, ["GET /api/auth/signin?callbackUrl=javascript:alert(1) HTTP/1.1"]],
  [
    "a second callbackUrl that is foreign",
    400,
    ["GET /api/auth/csrf?callbackUrl=/metadata&callbackUrl=//evil.example HTTP/1.1"],
  ],
  ["an action of next-auth that we do not use", 404, ["GET /api/auth/verify-request HTTP/1.1"]],
  ["the image optimizer", 404, ["GET /_next/image?url=%2Ficon.svg&w=64&q=75 HTTP/1.1"]],
  [
    "another site's POST",
    403,
    ["POST /api/auth/signout HTTP/1.1", "sec-fetch-site: cross-site", "content-length: 0"],
  ],
];

for (const [name, status, [line = "", ...more]] of refused) {
  test(`web refuses ${name} with ${status}`, async () => {
    const answer = await sendRaw(stack().webUrl, [line, host(), ...more]);
    expect(answer.status, answer.body).toBe(status);
    expect(answer.head).toMatch(/^x-content-type-options: nosniff$/im);
    expect(answer.head).not.toMatch(/^location:/im);
    if (line.includes("/api/orchestration")) {
      expect(JSON.parse(answer.body)).toEqual({ success: false, message: expect.any(String) });
    } else if (/^\S+ \/api\//.test(line))
      expect(JSON.parse(answer.body)).toEqual({ message: expect.any(String) });
    else expect(answer.head).toMatch(/^content-type: text\/plain; charset=utf-8$/im);
  });
}

test("a browser that requests a refused address sees a page of Selvage with a link to continue", async ({
  page,
  tenant,
  context,
}) => {
  const answer = await page.goto("/join/%zz");
  expect([answer?.status(), answer?.headers()["x-frame-options"]]).toEqual([400, "DENY"]);
  await expect(page.getByText("The request path is malformed.")).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await signIn(context, tenant.user);
  await page.getByRole("link", { name: "Go to Metadata" }).click();
  await expect(page.getByRole("link", { name: tenant.fabric.name, exact: true })).toBeVisible();
  expect((await page.goto("/api/auth/callback/password"))?.status()).toBe(405);
  await expect(page.getByText("This path does not accept this method.")).toBeVisible();
});

test("web answers an upgrade request like any other", async () => {
  const head = ["GET /sign-in HTTP/1.1", host(), "upgrade: websocket", "connection: upgrade"];
  expect((await sendRaw(stack().webUrl, head)).status).toBe(200);
});

const form = (parts: readonly string[]) => `${parts.map((part) => `--b\r\n${part}\r\n`).join("")}--b--\r\n`;
const field = (name: string, value: string) =>
  `content-disposition: form-data; name="${name}"\r\n\r\n${value}`;
const file = (name: string, value: string) =>
  `content-disposition: form-data; name="${name}"; filename="blob"\r\ncontent-type: application/octet-stream\r\n\r\n${value}`;

/** Bodies of a server action that no page sends; each contains a value. */
function undecodable(value: string): Record<string, [type: string, body: string]> {
  const text = "text/plain;charset=UTF-8";
  const multipart = "multipart/form-data; boundary=b";
  const json = (root: unknown) => JSON.stringify(root);
  return {
    "no JSON": [text, value],
    "half a JSON": [text, `["${value}`],
    "JSON and more": [text, `["x"]${value}`],
    "no list": [text, json({ value })],
    "a null": [text, "null"],
    nothing: [text, ""],
    "bytes that are no UTF-8": [text, `["${value}\xff"]`],
    "a bigint": [text, json([`$n${value}`])],
    "a reference to a part that is missing": [text, json(["$5", value])],
    "a reference to what is inherited": [text, json([{ value }, "$0:0:__proto__:constructor"])],
    "a map of a part that is missing": [text, json([`$Q7${value}`])],
    "a set": [text, json([`$W${value}`])],
    "a server reference": [text, json([`$h1`, value])],
    "a promise": [text, json(["$@1", value])],
    "a stream": [text, json(["$r1", value])],
    "an iterator": [text, json(["$i1", value])],
    "a temporary reference": [text, json([`$T${value}`])],
    "a file without one": [text, json([{ value: "$B1" }, value])],
    "bytes without any": [text, json([{ value: `$o1` }, value])],
    "a form data without one": [text, json([`$K${value}`])],
    "very deep": [text, `${"[".repeat(5_000)}"${value}"${"]".repeat(5_000)}`],
    "very many": [text, json([Array(100_000).fill(0), value])],
    "a form of no parts": [multipart, value],
    "a form that breaks off": [multipart, `--b\r\n${field("0", json([value]))}`],
    "a form without its root": [multipart, form([field("1", value)])],
    "a form whose root is no JSON": [multipart, form([field("0", value)])],
    "a form with a broken part": [multipart, form([`content-disposition: ${value}`, field("0", "[]")])],
    "a form whose bytes are text": [
      multipart,
      form([field("1", value), field("0", json([{ value: "$o1" }]))]),
    ],
    "a form with a part of no use": [multipart, form([file("2", value), field("0", json(["x"]))])],
    "a form with an action of its own": [
      multipart,
      form([field(`$ACTION_ID_${"0".repeat(42)}`, value), field("0", json([]))]),
    ],
    "a form without a boundary": ["multipart/form-data", form([field("0", json([value]))])],
    "another type": ["application/json", json([value])],
  };
}

async function sendBody(cookie: string, type: string, body: string, more: readonly string[] = []) {
  const { id, path } = serverActions().get("createSecretAction") ?? { id: "", path: "" };
  const bytes = Buffer.from(body, "latin1");
  const own = [host(), `cookie: ${cookie}`, `content-type: ${type}`, `content-length: ${bytes.length}`];
  const origin = more.length > 0 ? [] : [`origin: ${stack().webUrl}`];
  const head = [
    `POST ${path} HTTP/1.1`,
    ...own,
    `next-action: ${id}`,
    "accept: text/x-component",
    ...origin,
    ...more,
  ];
  return sendRaw(stack().webUrl, head, bytes);
}

for (const name of Object.keys(undecodable(""))) {
  test(`web refuses a server action of ${name} and does not repeat it`, async ({ tenant, canary }) => {
    const { cookie = "" } = await callerOf(tenant.admin);
    const [type, body] = undecodable(canary.value())[name] ?? ["", ""];
    const answer = await sendBody(cookie, type, body);
    expect([answer.status, answer.head]).toEqual([
      400,
      expect.stringMatching(/^content-type: text\/plain/im),
    ]);
    expect(answer.body).not.toContain(canary.mark);
    // Short enough for an error to repeat it whole; the canary of every test searches the logs for the mark.
    const short = await sendBody(cookie, type, undecodable(canary.mark)[name]?.[1] ?? "");
    expect(short.status).toBe(400);
  });
}

const foreign: readonly (readonly string[])[] = [
  ["sec-fetch-site: cross-site"],
  ["sec-fetch-site: same-site"],
  ["sec-fetch-site: none"],
  ["origin: https://elsewhere.example", "sec-fetch-site: same-origin"],
  ["origin: null"],
  ["x-nothing: no word of where it comes from"],
];

for (const headers of foreign) {
  test(`web refuses a server action with ${headers.join(", ")}`, async ({ tenant, canary }) => {
    const { cookie = "" } = await callerOf(tenant.admin);
    const input = { subKind: "text", name: "planted", fields: { value: canary.value() } };
    const answer = await sendBody(
      cookie,
      "text/plain;charset=UTF-8",
      JSON.stringify([tenant.fabric.id, input]),
      headers,
    );
    expect(answer.status).toBe(403);
  });
}

const unread: [name: string, url: () => string, head: () => readonly string[], status: number][] = [
  [
    "management API without a token",
    () => stack().webUrl,
    () => ["POST /api/orchestration/fabric HTTP/1.1", host(), "content-type: application/json"],
    401,
  ],
  [
    "management API with a token of nobody",
    () => stack().webUrl,
    () => ["POST /api/orchestration/fabric/x/secret HTTP/1.1", host(), "x-auth-token: svu_x"],
    401,
  ],
  [
    "server action of another site",
    () => stack().webUrl,
    () => ["POST /metadata HTTP/1.1", host(), "next-action: 00", "sec-fetch-site: cross-site"],
    403,
  ],
  [
    "server action of nobody",
    () => stack().webUrl,
    () => {
      const { id, path } = serverActions().get("createSecretAction") ?? { id: "", path: "" };
      return [
        `POST ${path} HTTP/1.1`,
        host(),
        `next-action: ${id}`,
        `origin: ${stack().webUrl}`,
        "accept: text/x-component",
        "content-type: text/plain;charset=UTF-8",
      ];
    },
    200, // the answer that the form handles: signed out
  ],
  [
    "route of a page, of nobody",
    () => stack().webUrl,
    () => [
      "POST /api/app/fabrics/x/checks HTTP/1.1",
      host(),
      `origin: ${stack().webUrl}`,
      "content-type: application/json",
    ],
    401,
  ],
  [
    "path of automate that does not exist",
    () => stack().automateUrl,
    () => [
      "POST /v1/nothing HTTP/1.1",
      `host: ${new URL(stack().automateUrl).host}`,
      "content-type: application/json",
    ],
    413, // Fastify reads a body before it matches a path, and at most 64 KiB of it
  ],
  [
    "token purchase without a token",
    () => stack().automateUrl,
    () => [
      "POST /v1/secrets/x/token HTTP/1.1",
      `host: ${new URL(stack().automateUrl).host}`,
      "content-type: application/json",
    ],
    413, // it grows too long before web authenticates the caller
  ],
];

for (const [name, url, head, status] of unread) {
  test(`web does not read the body of a ${name} after the answer`, async () => {
    const { sent, ms, ...answer } = await sendEndless(url(), head());
    expect(answer).toEqual({ status, isOver: true });
    expect(ms).toBeLessThan(5_000);
    // The kernels of both ends buffer bytes that count as sent but that web never reads.
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });
}
