import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deliver } from "@/automate/reminders/deliver";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { freePort } from "@/launcher/embedded-postgres.mjs";
import { runProgram, type StartedServer, serverFolder, startServer } from "@/testing/peers/real-server";
import { builtCheckWorker } from "@/testing/servers/built-worker";
import { createTrials } from "@/testing/servers/check-trial";

const install =
  "Install Postfix with Cyrus SASL: apt-get install postfix sasl2-bin libsasl2-modules. This test needs root.";
const trials = createTrials();
const username = "reports@localhost";
const password = "canary-Pa55word:/?#%&+";
let folder: Awaited<ReturnType<typeof serverFolder>>;
let authority: Authority;
let server: StartedServer;
let ports: { starttls: number; implicit: number; without: number };

beforeAll(async () => {
  folder = await serverFolder("postfix");
  const file = (name: string) => join(folder.path, name);
  await chmod(folder.path, 0o755);
  authority = await createAuthority("Selvage test authority");
  const { cert, key } = await authority.issue({ names: ["localhost"] });
  await writeFile(file("server.crt"), cert);
  await writeFile(file("server.key"), key, { mode: 0o600 });
  for (const name of ["conf", "conf/sasl", "queue", "data"]) await mkdir(file(name));
  await runProgram("chown", ["postfix", file("data")], install);
  ports = { starttls: await freePort(), implicit: await freePort(), without: await freePort() };
  const main = [
    "compatibility_level = 3.6",
    `queue_directory = ${file("queue")}`,
    `data_directory = ${file("data")}`,
    "command_directory = /usr/sbin",
    "daemon_directory = /usr/lib/postfix/sbin",
    "mail_owner = postfix",
    "inet_interfaces = 127.0.0.1",
    "myhostname = localhost",
    "mydestination = localhost",
    `maillog_file_prefixes = ${folder.path}`,
    `maillog_file = ${file("log")}`,
    "smtpd_sasl_auth_enable = yes",
    "smtpd_sasl_type = cyrus",
    `cyrus_sasl_config_path = ${file("conf/sasl")}`,
    `smtpd_tls_cert_file = ${file("server.crt")}`,
    `smtpd_tls_key_file = ${file("server.key")}`,
    "smtpd_tls_security_level = may",
    "smtpd_tls_auth_only = yes",
  ];
  const service = (port: number, more = "") => `127.0.0.1:${port} inet n - n - - smtpd${more}`;
  const master = [
    service(ports.starttls),
    service(ports.implicit, " -o smtpd_tls_wrappermode=yes"),
    service(ports.without, " -o smtpd_tls_security_level=none -o smtpd_tls_auth_only=no"),
    "cleanup unix n - n - 0 cleanup",
    "rewrite unix - - n - - trivial-rewrite",
    "anvil unix - - n - 1 anvil",
    "tlsmgr unix - - n 1000? 1 tlsmgr",
    "proxymap unix - - n - - proxymap",
    "postlog unix-dgram n - n - 1 postlogd",
  ];
  await writeFile(file("conf/main.cf"), `${main.join("\n")}\n`);
  await writeFile(file("conf/master.cf"), `${master.join("\n")}\n`);
  const sasl = [
    "pwcheck_method: auxprop",
    "auxprop_plugin: sasldb",
    `sasldb_path: ${file("sasldb2")}`,
    "mech_list: PLAIN LOGIN",
  ];
  await writeFile(file("conf/sasl/smtpd.conf"), `${sasl.join("\n")}\n`);
  const add = `printf %s '${password}' | saslpasswd2 -p -c -f ${file("sasldb2")} -u localhost reports`;
  await runProgram("sh", ["-c", add], install);
  await chmod(file("sasldb2"), 0o644);
  server = await startServer("postfix", ["-c", file("conf"), "start-fg"], { port: ports.implicit, install });
});

afterAll(async () => {
  trials.close();
  if (server) await runProgram("postfix", ["-c", join(folder.path, "conf"), "stop"], install);
  await server?.stop();
  await folder?.remove();
});

function check(smtpPort: number, change: object = {}, secrets: Record<string, string> = {}) {
  const properties = { smtpUrl: "localhost", smtpPort, smtpUsername: username, encryption: "starttls" };
  const all = { ...properties, ...change };
  const trusted = all.encryption === "disable" ? {} : { caCertificate: authority.cert };
  return trials.run("smtp", all, { smtpPassword: password, ...trusted, ...secrets });
}

test("Postfix accepts the sign-in, by STARTTLS, TLS from the start, and without encryption", async () => {
  const { result, passed } = await check(ports.starttls);
  expect(result).toMatchObject({ ok: true });
  expect(passed).toEqual(["name", "network", "tls", "sign_in"]);
  expect((await check(ports.implicit, { encryption: "implicit" })).result).toMatchObject({ ok: true });
  expect((await check(ports.without, { encryption: "disable" })).result).toMatchObject({ ok: true });
});

test("each fault names its field", async () => {
  const other = (await createAuthority("Other")).cert;
  const results = await Promise.all([
    check(ports.starttls, {}, { smtpPassword: "canary-wrong" }),
    check(ports.starttls, { smtpUsername: "nobody@localhost" }),
    check(ports.starttls, {}, { caCertificate: other }),
    check(ports.implicit, { encryption: "implicit" }, { caCertificate: other }),
    check(ports.without),
    check(ports.starttls, { encryption: "disable" }),
  ]);
  expect(results.map(({ result }) => !result.ok && `${result.code} ${result.field} ${result.step}`)).toEqual([
    "rejected_credentials smtpPassword sign_in",
    "rejected_credentials smtpPassword sign_in",
    "tls_untrusted caCertificate tls",
    "tls_untrusted caCertificate tls",
    "tls_not_offered smtpPort tls",
    "sign_in_not_offered smtpUsername sign_in",
  ]);
});

test("Postfix accepts a reminder, and a recipient that it does not know stops no other", async () => {
  const workerPath = builtCheckWorker();
  const email = (id: string, to: string) => ({
    id,
    to,
    subject: "Secret “größe” expires in 7 days",
    text: "Hello,\n",
  });
  const outcome = await deliver(workerPath, {
    channel: "email",
    server: {
      ...{ host: "localhost", port: ports.starttls, tls: "starttls", ca: authority.cert },
      ...{ username, password, from: "Selvage <selvage@localhost>" },
    },
    messages: [email("a", "nobody-there@localhost"), email("b", "root@localhost")],
  });
  expect(Object.fromEntries(outcome)).toEqual({ a: "rejected_recipient", b: null });
  // The test runs no queue manager, so that the mail waits where Postfix stored it.
  const queue = join(folder.path, "queue/incoming");
  const [stored = ""] = await readdir(queue);
  const mail = await readFile(join(queue, stored), "latin1");
  expect(mail).toContain("Message-ID: <b@localhost>");
  expect(mail).toContain("root@localhost");
});
