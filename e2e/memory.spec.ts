import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@/e2e/fixtures";
import { countInMemory, findReferences, snapshotFile, snapshotOptions } from "@/e2e/process-memory";
import { type ProgramCopy, startAutomateCopy, startWebCopy } from "@/e2e/program-copy";
import { restApi } from "@/testing/factories";
import {
  type Caller,
  callAction,
  callerOf,
  createAccessToken,
  serverActions,
} from "@/testing/server-actions";
import { stack } from "@/testing/stack-address";
import { createTenant, createToken, type Tenant } from "@/testing/tenant";

/** Seconds of ordinary work after which the test searches memory again. */
const delays = (process.env.MEMORY_SECONDS ?? "60,300,900").split(",").map(Number);

type Ways = { value: (word: string) => string; web: string; tenant: Tenant; caller: Caller };

/** Sends one value through each entry point of web. */
async function enterByEveryWay({ value, web, tenant, caller }: Ways): Promise<void> {
  const { fabric } = tenant;
  const act = async (name: string, input: unknown) => {
    const done = await callAction(caller, name, [fabric.id, input], web);
    if (!done.ok) throw new Error(`${name}: ${JSON.stringify(done)}`);
    return done.value;
  };
  const idOf = (created: unknown) => String((created as { id: string }).id);
  const m2m = (way: string) => ({
    clientId: value(`m2m-id-${way}`),
    clientSecret: value(`m2m-secret-${way}`),
    authUrl: "https://login.test.example/token",
    scope: value(`m2m-scope-${way}`),
  });
  const text = idOf(
    await act("createSecretAction", { subKind: "text", name: "t", fields: { value: value("text-action") } }),
  );
  await act("createSecretAction", { subKind: "m2m_oauth", name: "m", fields: m2m("action") });
  await act("createSecretAction", {
    subKind: "username_password",
    name: "u",
    fields: { username: value("user-action"), password: value("password-action") },
  });
  await act("replaceSecretAction", {
    secretId: text,
    subKind: "text",
    fields: { value: value("replace-action") },
    expectedVersion: 1,
    destinationIds: [],
  });
  await sendFile({ value, web, tenant, caller });
  const connection = {
    kind: "restapi",
    name: "c",
    description: "",
    properties: { ...restApi, baseUrl: "https://127.0.0.1:9" },
  };
  await act("createConnectionAction", connection);

  const token = await createAccessToken(caller);
  const api = async (method: string, path: string, body: unknown) => {
    const answer = await fetch(new URL(`/api/orchestration/fabric/${fabric.id}${path}`, web), {
      method,
      headers: { "x-auth-token": token, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const json = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(json)}`);
    return json.data;
  };
  const secret = (subKind: string, properties: object) => ({ kind: "prophecy", subKind, properties });
  const created = await api("POST", "/secret", secret("text", { name: "ta", value: value("text-api") }));
  await api("POST", "/secret", secret("m2m_oauth", { name: "ma", value: m2m("api") }));
  const bytes = Buffer.from(value("binary-api")).toString("base64");
  await api("POST", "/secret", secret("binary", { name: "ba", value: bytes, fileName: "b.bin" }));
  await api("PUT", `/secret/id/${idOf(created)}`, secret("text", { value: value("replace-api") }));
}

async function sendFile({ value, web, tenant, caller }: Ways): Promise<void> {
  const { id, path } = serverActions().get("createSecretAction") ?? { id: "", path: "" };
  const form = new FormData();
  form.append("1", new Blob([value("binary-action")]));
  form.append(
    "0",
    JSON.stringify([
      tenant.fabric.id,
      { subKind: "binary", name: "b", fields: { value: "$o1" }, fileName: "b.bin" },
    ]),
  );
  const answer = await fetch(new URL(path, web), {
    method: "POST",
    headers: { cookie: caller.cookie ?? "", origin: web, "next-action": id, accept: "text/x-component" },
    body: form,
  });
  const text = await answer.text();
  if (!/"ok":true/.test(text)) throw new Error(text.slice(0, 300));
}

const names = ["t", "m", "u", "b", "ta", "ma", "ba"];

/** Reads each value as a pipeline does, through each runtime endpoint. */
async function readByEveryWay(automate: string, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  for (const name of names) {
    const read = await fetch(new URL(`/v1/secrets/${name}`, automate), { headers });
    if (!read.ok) throw new Error(`${name}: ${await read.text()}`);
    await read.text();
    const vault = await fetch(new URL(`/vault/v1/secret/data/${name}`, automate), {
      headers: { "x-vault-token": token },
    });
    await vault.text();
  }
  const batch = await fetch(new URL("/v1/secrets", automate), {
    method: "POST",
    headers,
    body: JSON.stringify({ names }),
  });
  await batch.text();
}

/** The ordinary work of the programs, without a value of this test. */
async function workFor(
  seconds: number,
  web: string,
  automate: string,
  other: Tenant,
  token: string,
): Promise<void> {
  const caller = await callerOf(other.user);
  const headers = { authorization: `Bearer ${token}` };
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(50)) {
    const page = await fetch(new URL(`/metadata/fabrics/${other.fabric.id}/secrets`, web), {
      headers: { cookie: caller.cookie ?? "" },
    });
    await page.text();
    const name = `w${randomBytes(8).toString("hex")}`;
    const input = { subKind: "text", name, fields: { value: randomBytes(16).toString("hex") } };
    await callAction(caller, "createSecretAction", [other.fabric.id, input], web);
    await (await fetch(new URL(`/v1/secrets/${name}`, automate), { headers })).text();
  }
}

test("no program references a value after it has sealed or returned it", { tag: "@long" }, async ({
  tenant,
  canary,
}) => {
  test.setTimeout(120_000 + 2 * 1000 * Math.max(...delays));
  const webFile = snapshotFile(stack().dir, "web");
  const automateFile = snapshotFile(stack().dir, "automate");
  const automate = await startAutomateCopy("memory-automate", snapshotOptions(automateFile));
  const web = await startWebCopy(
    "memory-web",
    () => ({ AUTOMATE_URL: automate.internalUrl }),
    snapshotOptions(webFile),
  );
  const programs: [string, ProgramCopy, string][] = [
    ["web", web, webFile],
    ["automate", automate, automateFile],
  ];
  const mark = `mem${canary.mark}`;
  const value = (word: string) => `${mark}.${word}.${randomBytes(9).toString("hex")}`;
  const other = await createTenant("Other");
  const [{ token }, { token: otherToken }] = [await createToken(tenant), await createToken(other)];
  const report = async (when: string) => {
    for (const [name, copy] of programs) {
      const counts = await countInMemory(copy.pid(), mark);
      const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
      console.log(`${when}: ${name} ${all} ${JSON.stringify(counts)}`);
    }
  };
  try {
    await workFor(5, web.url, automate.url, other, otherToken);
    await enterByEveryWay({ value, web: web.url, tenant, caller: await callerOf(tenant.admin) });
    await readByEveryWay(automate.url, token);
    await report("at once");
    let since = 0;
    for (const seconds of delays) {
      await workFor(seconds - since, web.url, automate.url, other, otherToken);
      since = seconds;
      await report(`after ${seconds} s`);
    }
    await workFor(2, web.url, automate.url, other, otherToken);
    for (const [name, copy, file] of programs) {
      // Control: the search finds a text that the program does reference, the address it was started with.
      const texts = [mark, automate.internalUrl];
      expect(await findReferences(copy.pid(), file, texts), name).toEqual([automate.internalUrl]);
    }
    await report("after a collection");
  } finally {
    await web.stop();
    await automate.stop();
  }
});
