import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { freePort } from "@/launcher/embedded-postgres.mjs";
import { runProgram, type StartedServer, serverFolder, startServer } from "@/testing/peers/real-server";
import { createTrials } from "@/testing/servers/check-trial";

const install = "Install nginx: apt-get install nginx-light.";
const trials = createTrials();
const [username, password] = ["etl", "canary-Pa55 wörd:/?#%&+"];
let folder: Awaited<ReturnType<typeof serverFolder>>;
let authority: Authority;
let other: Authority;
let port: number;
let mutualPort: number;
let server: StartedServer;

beforeAll(async () => {
  folder = await serverFolder("nginx");
  const file = (name: string) => join(folder.path, name);
  authority = await createAuthority("Selvage test authority");
  other = await createAuthority("Other");
  const { cert, key } = await authority.issue({ names: ["localhost"] });
  await writeFile(file("server.crt"), cert);
  await writeFile(file("server.key"), key);
  await writeFile(file("clients.crt"), authority.cert);
  const hash = (await runProgram("openssl", ["passwd", "-apr1", password], install)).stdout.trim();
  await writeFile(file("users"), `${username}:${hash}\n`, { mode: 0o644 });
  await mkdir(file("www/secret"), { recursive: true });
  await writeFile(file("www/status.json"), "{}");
  await writeFile(file("www/secret/status.json"), "{}", { mode: 0o600 });
  port = await freePort();
  mutualPort = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${file(name)};`,
  );
  const tls = `ssl_certificate ${file("server.crt")}; ssl_certificate_key ${file("server.key")};`;
  const config = `
daemon off; user root; pid ${file("pid")}; error_log ${file("log")}; events {}
http {
  access_log off; default_type application/json; ${temporary.join(" ")} ${tls} root ${file("www")};
  server {
    listen 127.0.0.1:${port} ssl;
    auth_basic "api"; auth_basic_user_file ${file("users")};
    location /forbidden { deny all; }
    location /moved { return 302 /status.json; }
  }
  server {
    listen 127.0.0.1:${mutualPort} ssl;
    ssl_client_certificate ${file("clients.crt")}; ssl_verify_client on;
  }
}`;
  await writeFile(file("nginx.conf"), config);
  const args = ["-p", folder.path, "-c", file("nginx.conf"), "-e", file("log")];
  server = await startServer("nginx", args, { port: mutualPort, install });
});

afterAll(async () => {
  trials.close();
  await server?.stop();
  await folder?.remove();
});

type Secrets = Parameters<typeof trials.run>[2];

function check(change: object = {}, secrets: Secrets = {}) {
  const place = { baseUrl: `https://localhost:${port}`, testPath: "/status.json" };
  const properties = { ...place, authType: "basic", tlsMode: "verify-full", ...change };
  const basic = properties.authType === "basic" ? { basicCredential: { username, password } } : {};
  return trials.run("restapi", properties, { caCertificate: authority.cert, ...basic, ...secrets });
}

/** A check with a client certificate of this authority, or with none. */
async function checkMutual(of: Authority | null) {
  const baseUrl = `https://localhost:${mutualPort}`;
  const made = of && (await of.issue({ names: ["etl"] }));
  const bytes = (text: string) => new Uint8Array(Buffer.from(text));
  const identity = made ? { clientCertificate: bytes(made.cert), clientKey: bytes(made.key) } : {};
  return check({ baseUrl, authType: "none" }, identity);
}

test("nginx accepts Basic, and a client certificate", async () => {
  const { result, passed } = await check();
  expect(result).toMatchObject({ ok: true });
  expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
  expect((await checkMutual(authority)).result).toMatchObject({ ok: true });
});

test("each fault names its field", async () => {
  const results = await Promise.all([
    check({}, { basicCredential: { username, password: "canary-wrong" } }),
    check({}, { basicCredential: { username: "nobody", password } }),
    check({ authType: "none" }),
    check({ testPath: "/none" }),
    check({ testPath: "/forbidden" }),
    check({ testPath: "/moved" }),
    check({}, { caCertificate: other.cert }),
    check({ baseUrl: `https://127.0.0.1:${port}` }),
    checkMutual(null),
    checkMutual(other),
  ]);
  expect(results.map(({ result }) => !result.ok && `${result.code} ${result.field} ${result.step}`)).toEqual([
    "rejected_credentials basicCredential sign_in",
    "rejected_credentials basicCredential sign_in",
    "credentials_missing authType permission",
    "path_not_found testPath permission",
    "not_permitted basicCredential permission",
    "redirected testPath sign_in",
    "tls_untrusted caCertificate tls",
    "tls_wrong_name baseUrl tls",
    "client_certificate_required clientCertificate tls",
    "client_certificate_required clientCertificate tls",
  ]);
});
