import { generateKeyPairSync } from "node:crypto";
import { appendFile, chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "@/launcher/embedded-postgres.mjs";
import { runProgram, type StartedServer, serverFolder, startServer } from "@/testing/peers/real-server";
import { createTrials } from "@/testing/servers/check-trial";

const install =
  "Install OpenSSH's server and client: apt-get install openssh-server. This test needs root on Linux, for its own accounts.";
const trials = createTrials();
const password = "canary-Pa55 wörd:/?#%&+";
const users = ["secret", "prompted", "keyed", "jailed", "barred"] as const;
const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
});
const started: StartedServer[] = [];
let folder: Awaited<ReturnType<typeof serverFolder>>;
let fingerprint: string;
let keys: { ed25519: string; unknown: string };
let port: number;

const file = (name: string) => join(folder.path, name);

beforeAll(async () => {
  folder = await serverFolder("sshd");
  for (const name of ["host", "ed25519", "unknown"])
    await runProgram("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file(name)], install);
  await writeFile(file("rsa"), privateKey, { mode: 0o600 });
  const rsa = await runProgram("ssh-keygen", ["-y", "-f", file("rsa")], install);
  const listed = await runProgram("ssh-keygen", ["-lf", file("host.pub")], install);
  fingerprint = /SHA256:\S+/.exec(listed.stdout)?.[0] ?? "";
  const own = await readFile(file("ed25519.pub"), "utf8");
  keys = {
    ed25519: await readFile(file("ed25519"), "utf8"),
    unknown: await readFile(file("unknown"), "utf8"),
  };
  await mkdir(file("homes"));
  await writeFile(file("homes/authorized_keys"), `${own}${rsa.stdout}`);
  await addAccounts();
  port = await startSshd("main", [
    "Match User prompted",
    "  PasswordAuthentication no",
    "Match User keyed",
    "  AuthenticationMethods publickey",
    "Match User jailed,barred",
    "  ChrootDirectory %h",
    "  ForceCommand internal-sftp",
  ]);
});

afterAll(async () => {
  trials.close();
  for (const server of started) await server.stop();
  await folder?.remove();
});

/** Copies the machine's accounts, and adds those of the test. The servers see them in their own mounts. */
async function addAccounts(): Promise<void> {
  const hash = (await runProgram("openssl", ["passwd", "-6", password], install)).stdout.trim();
  for (const name of ["passwd", "shadow"]) await copyFile(`/etc/${name}`, file(name));
  for (const [index, user] of users.entries()) {
    const id = 64_000 + index;
    const home = file(`homes/${user}`);
    await mkdir(home, { recursive: true });
    // A chroot must belong to root. Its user may not list the one of mode 711.
    await chmod(home, user === "barred" ? 0o711 : 0o755);
    await appendFile(file("passwd"), `${user}:x:${id}:${id}::/mnt/${user}:/bin/sh\n`);
    await appendFile(file("shadow"), `${user}:${hash}:19000:0:99999:7:::\n`);
  }
}

async function startSshd(name: string, more: readonly string[]): Promise<number> {
  const own = await freePort();
  const config = [
    `Port ${own}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${file("host")}`,
    `PidFile ${file(`${name}.pid`)}`,
    `AuthorizedKeysFile /mnt/authorized_keys`,
    "StrictModes no",
    "UsePAM yes",
    "KbdInteractiveAuthentication yes",
    "MaxAuthTries 2",
    "Subsystem sftp internal-sftp",
    ...more,
  ];
  await writeFile(file(`${name}.conf`), `${config.join("\n")}\n`);
  const mounts = [
    `mount --bind ${file("passwd")} /etc/passwd`,
    `mount --bind ${file("shadow")} /etc/shadow`,
    `mount --bind ${file("homes")} /mnt`,
    "mount -t tmpfs none /run",
    "mkdir /run/sshd",
    `exec /usr/sbin/sshd -D -e -f ${file(`${name}.conf`)}`,
  ];
  const server = await startServer("unshare", ["--mount", "sh", "-ec", mounts.join("\n")], {
    port: own,
    install,
  });
  started.push(server);
  return own;
}

function check(username: string, change: object = {}, secrets: Record<string, string> = { password }) {
  const place = { host: "127.0.0.1", port, hostKeyFingerprint: fingerprint };
  const authMethod = "privateKey" in secrets ? "private_key" : "password";
  return trials.run("sftp", { ...place, username, authMethod, ...change }, secrets);
}

test.each([
  ["a password", "secret", { password }],
  ["keyboard-interactive alone", "prompted", { password }],
  ["a chroot", "jailed", { password }],
])("OpenSSH accepts %s", async (_what, username, secrets) => {
  const { result, passed } = await check(username, {}, secrets);
  expect(result).toMatchObject({ ok: true });
  expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
});

test("OpenSSH accepts an Ed25519 key, and an RSA key in PKCS#1", async () => {
  expect((await check("keyed", {}, { privateKey: keys.ed25519 })).result).toMatchObject({ ok: true });
  expect((await check("keyed", {}, { privateKey })).result).toMatchObject({ ok: true });
});

test("each fault names its field", async () => {
  const results = await Promise.all([
    check("secret", {}, { password: "canary-wrong" }),
    check("nobody-here"),
    check("keyed"),
    check("keyed", {}, { privateKey: keys.unknown }),
    check("barred"),
    check("secret", { hostKeyFingerprint: `SHA256:${"A".repeat(43)}` }),
    check("secret", { hostKeyFingerprint: undefined }),
  ]);
  expect(results.map(({ result }) => !result.ok && `${result.code} ${result.field} ${result.step}`)).toEqual([
    "rejected_credentials password sign_in",
    "rejected_credentials password sign_in",
    "sign_in_not_offered authMethod sign_in",
    "rejected_credentials privateKey sign_in",
    "not_permitted username permission",
    "host_key_changed hostKeyFingerprint tls",
    "host_key_unknown hostKeyFingerprint tls",
  ]);
  const unconfirmed = results.at(-1)?.result;
  expect(unconfirmed).toMatchObject({ facts: { hostKeyFingerprint: fingerprint } });
});

test("a server with only a newer key exchange is not called outdated", async () => {
  const newer = await startSshd("newer", ["KexAlgorithms sntrup761x25519-sha512@openssh.com"]);
  const { result } = await check("secret", { port: newer });
  expect(result).toMatchObject({ code: "ssh_too_old", step: "tls" });
});
