import { once } from "node:events";
import { connect } from "node:net";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unreadAnswers } from "@/automate/secrets/answer-memory";
import { addManySecrets } from "@/testing/many-secrets";
import { startVaultDialect, type VaultDialect } from "@/testing/vault-dialect";

let dialect: VaultDialect;
/** In Postgres' order of `secret_1` to `secret_2500`, and one more in each of two folders. */
let names: string[];

beforeAll(async () => {
  dialect = await startVaultDialect([
    { id: "a", name: "folder.first", subKind: "text", fields: { value: "1" } },
    { id: "b", name: "Folder.Second", subKind: "text", fields: { value: "2" } },
  ]);
  const { owner, fabric } = dialect;
  await addManySecrets((text, values) => owner.$executeRawUnsafe(text, ...values), fabric.fabricId, 2_500);
  names = (await dialect.owner.secret.findMany({ orderBy: { nameKey: "asc" }, select: { name: true } })).map(
    ({ name }) => name,
  );
});
afterAll(() => dialect.close());

const path = (rest = "") => `/vault/v1/${dialect.mount}/metadata${rest}`;

async function ask(rest: string, token = dialect.token, method = "GET") {
  const answer = await fetch(dialect.url + path(rest), { method, headers: { "x-vault-token": token } });
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

function send(method: string, version: string): Promise<string> {
  const socket = connect(Number(new URL(dialect.url).port), "127.0.0.1");
  socket.write(
    `${method} ${path()}?list=true HTTP/${version}\r\nHost: x\r\nX-Vault-Token: ${dialect.token}\r\nConnection: close\r\n\r\n`,
  );
  return text(socket);
}

describe("a list of several pages", () => {
  test("has all names in Vault's envelope, by list=true", async () => {
    const { status, headers, body } = await ask("?list=true");
    expect([status, headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(JSON.parse(body)).toEqual({
      request_id: expect.any(String),
      lease_id: "",
      renewable: false,
      lease_duration: 0,
      data: { keys: names },
      wrap_info: null,
      warnings: null,
      auth: null,
    });
    expect(names).toHaveLength(2_502);
  });

  test.each(["1.1", "1.0"])("has all names by the method LIST of HTTP/%s", async (version) => {
    const [head = "", body = ""] = (await send("LIST", version)).split(/\r\n\r\n(.*)/s);
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    const json = version === "1.0" ? body : body.replace(/(^|\r\n)[\da-f]+\r\n/g, "");
    expect(JSON.parse(json).data.keys).toEqual(names);
  });

  test("has the names of a folder, and of a limited token", async () => {
    expect(JSON.parse((await ask("/folder?list=true")).body).data.keys).toEqual(["first", "Second"]);
    const limited = await dialect.addToken(dialect.fabric, { secretIds: ["b"] });
    expect(JSON.parse((await ask("?list=true", limited)).body).data.keys).toEqual(["Folder.Second"]);
    expect(await ask("/folder%00?list=true")).toMatchObject({ status: 404, body: '{"errors":[]}' });
  });

  test("is refused while the token's other answers are unread", async () => {
    const { owner, fabric } = dialect;
    const token = await dialect.addToken(fabric);
    const { id } = await owner.pipelineToken.findFirstOrThrow({ orderBy: { id: "desc" } });
    const unread = new PassThrough();
    unreadAnswers.reserve(unread, { callerId: id }, 64 * 1024 * 1024);
    const refused = await ask("?list=true", token);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
    expect(JSON.parse(refused.body).errors).toEqual([
      "Too many large answers in progress: read your earlier ones first, then retry.",
    ]);
    expect((await ask("/folder?list=true", token)).status).toBe(200);
    await once(unread.destroy(), "close");
    expect((await ask("?list=true", token)).status).toBe(200);
  });

  test("is not read for HEAD", async () => {
    const { status, headers, body } = await ask("?list=true", dialect.token, "HEAD");
    expect([status, headers.get("content-length"), body]).toEqual([200, null, ""]);
  });
});

test("the metadata of a secret with many versions has the newest hundred", async () => {
  const { owner, fabric } = dialect;
  const day = (n: number) => new Date(Date.UTC(2026, 0, n));
  await owner.secretVersion.update({
    where: { secretId_version: { secretId: "a", version: 1 } },
    data: { createdAt: day(1) },
  });
  await owner.secretVersion.createMany({
    data: Array.from({ length: 149 }, (_, i) => ({
      secretId: "a",
      version: i + 2,
      fabricId: fabric.fabricId,
      manifest: { value: 1 },
      metadata: {},
      createdAt: day(i + 2),
      createdById: "a",
      createdByName: "Ada",
    })),
  });
  const { data } = JSON.parse((await ask("/folder/first")).body);
  expect(data).toMatchObject({
    current_version: 150,
    oldest_version: 51,
    created_time: day(1).toISOString(),
    updated_time: day(150).toISOString(),
  });
  expect(Object.keys(data.versions)).toEqual(Array.from({ length: 100 }, (_, i) => String(i + 51)));
});
