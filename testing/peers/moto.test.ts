import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAuthority } from "@/launcher/certificates.mjs";
import { freePort } from "@/launcher/embedded-postgres.mjs";
import { pythonEnvironment } from "@/testing/peers/python-environment";
import { runProgram, type StartedServer, serverFolder, startServer } from "@/testing/peers/real-server";
import { createTrials } from "@/testing/servers/check-trial";

type Key = { id: string; secret: string };
/** The requests of `moto_seed.py`. After them, moto verifies signatures and policies. */
const seedRequests = 11;
const standIns = { routes: {} as Record<string, number>, authorities: [] as string[] };
const trials = createTrials(standIns);
let folder: Awaited<ReturnType<typeof serverFolder>>;
let server: StartedServer;
let keys: { reader: Key; lister: Key; nobody: Key };

beforeAll(async () => {
  const bin = await pythonEnvironment("moto");
  folder = await serverFolder("moto");
  const file = (name: string) => join(folder.path, name);
  const authority = await createAuthority("Selvage test authority");
  const hosts = ["my-bucket", "no-bucket"].map((bucket) => `${bucket}.s3.us-east-1.amazonaws.com`);
  const { cert, key } = await authority.issue({ names: ["localhost", ...hosts] });
  await writeFile(file("server.crt"), cert);
  await writeFile(file("server.key"), key);
  await writeFile(file("ca.crt"), authority.cert);
  const port = await freePort();
  const args = ["-H", "127.0.0.1", "-p", String(port), "-c", file("server.crt"), "-k", file("server.key")];
  server = await startServer(join(bin, "moto_server"), args, {
    port,
    install: "",
    env: { ...process.env, INITIAL_NO_AUTH_ACTION_COUNT: String(seedRequests) },
  });
  const seed = [join(import.meta.dirname, "moto_seed.py"), file("ca.crt"), `https://localhost:${port}`];
  keys = JSON.parse((await runProgram(join(bin, "python"), seed, "")).stdout);
  standIns.authorities = [authority.cert];
  standIns.routes = Object.fromEntries(hosts.map((host) => [`${host}:443`, port]));
}, 300_000);

afterAll(async () => {
  trials.close();
  await server?.stop();
  await folder?.remove();
});

function check({ id, secret }: Key, bucketName = "my-bucket") {
  const properties = { region: "us-east-1", bucketName, accessKeyID: id };
  return trials.run("s3", properties, { secretAccessKey: secret });
}

test("moto's S3 accepts a key that may list and read", async () => {
  const { result, passed } = await check(keys.reader);
  expect(result).toMatchObject({ ok: true });
  expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
});

test("each fault names its field", async () => {
  const results = [
    await check({ ...keys.reader, secret: "canary-wrong" }),
    await check({ id: "AKIANOBODYNOBODYNOBO", secret: keys.reader.secret }),
    await check(keys.nobody),
    await check(keys.lister),
    await check(keys.reader, "no-bucket"),
  ];
  expect(results.map(({ result }) => !result.ok && `${result.code} ${result.field} ${result.step}`)).toEqual([
    "rejected_credentials secretAccessKey sign_in",
    "rejected_credentials accessKeyID sign_in",
    "not_permitted bucketName permission",
    "not_permitted bucketName permission",
    "bucket_not_found bucketName permission",
  ]);
});
