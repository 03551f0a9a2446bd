import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PeerSettings, runHashiVaultJs, runLitehex, runNodeVault } from "@/testing/peers/node-clients";
import { pythonEnvironment } from "@/testing/peers/python-environment";
import { addTestSecret } from "@/testing/secrets";
import { listen } from "@/testing/servers/listening";
import { startVaultDialect, type VaultDialect } from "@/testing/vault-dialect";

const here = import.meta.dirname;
const root = join(here, "../..");
const installPython = "Install Python 3.10 or newer with venv: apt-get install python3-venv.";
const installGo = "Install Go 1.25 or newer (go.dev/dl); it downloads the modules of testing/peers.";
const installJava = "Install Java 17 or newer and Maven: apt-get install default-jdk-headless maven.";
const installNginx = "Install nginx: apt-get install nginx-light, or brew install nginx.";

const text = { value: "open sesame" };
const types = [
  text,
  { value: Buffer.from("certificate").toString("base64"), fileName: "ca.der" },
  { username: "svc", password: "p w" },
  { clientId: "abc", clientSecret: "s", authUrl: "https://idp.example.com/token", scope: "read write" },
];
const names = ["ca", "crm_basic", "crm_oauth", "rotated", "variables.warehouse", "warehouse"];
/** The result of each operation, the same for all clients. */
const expected = {
  state: { initialized: true, sealed: false },
  leader: false,
  token: text,
  approle: text,
  jwt: text,
  kubernetes: text,
  types,
  version: { value: "new" },
  metadata: 2,
  list: names,
  "list by list=": names,
  folder: ["warehouse"],
  connection: {
    conn_uri:
      "postgres://svc:open%20sesame@db.example.com:5432/sales?__extra__=%7B%22sslmode%22%3A%22verify-full%22%7D",
  },
  lookup: "spark",
  capabilities: ["read"],
  mount: "2",
  missing: "not found",
  "wrong token": "permission denied",
  write: "permission denied",
  "new token": "permission denied",
  wrapping: "refused",
};
type Operation = keyof typeof expected;

let dialect: VaultDialect;
const results: { client: string; operations: string[] }[] = [];

beforeAll(async () => {
  const [binary, basic, oauth] = types.slice(1) as Record<string, string>[];
  dialect = await startVaultDialect([
    { id: "warehouse", subKind: "text", fields: text },
    {
      id: "ca",
      subKind: "binary",
      metadata: { fileName: binary?.fileName ?? "" },
      fields: { value: "certificate" },
    },
    { id: "crm_basic", subKind: "username_password", fields: basic ?? {} },
    { id: "crm_oauth", subKind: "m2m_oauth", fields: oauth ?? {} },
    { id: "variable", name: "variables.warehouse", subKind: "text", fields: text },
  ]);
  await addTestSecret(dialect.owner, dialect.fabric, dialect.webUrl, {
    id: "rotated",
    subKind: "text",
    versions: [
      { by: "user", fields: { value: "old" } },
      { by: "user", fields: { value: "new" } },
    ],
  });
  await dialect.addConnection("orders", "warehouse");
  await dialect.allow("warehouse");
});

afterAll(async () => {
  await dialect.close();
  await mkdir(join(root, "test-results"), { recursive: true });
  const answer = { operations: Object.keys(expected), clients: results };
  await writeFile(join(root, "test-results/vault-clients.json"), JSON.stringify(answer));
});

async function settings(address = `${dialect.url}/vault`): Promise<PeerSettings> {
  const { token, fabric, mount } = dialect;
  return { address, token, fabricId: fabric.fabricId, mount, jwt: await dialect.workloadToken() };
}

/** Expects every operation that the client has to return what it should, and notes it for the table. */
function expectOperations(client: string, answers: Record<string, unknown>, without: readonly Operation[]) {
  const operations = Object.entries(expected).filter(([name]) => !without.includes(name as Operation));
  expect(answers).toEqual(Object.fromEntries(operations));
  results.push({ client, operations: operations.map(([name]) => name) });
}

/** Runs a program with the settings in its environment, and returns its output. */
async function run(command: string, args: string[], peer: PeerSettings, install: string, more = {}) {
  const env: Record<string, string | undefined> = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    LANG: "C.UTF-8",
    VAULT_ADDR: peer.address,
    VAULT_TOKEN: peer.token,
    PEER_FABRIC: peer.fabricId,
    PEER_MOUNT: peer.mount,
    PEER_JWT: peer.jwt,
    ...more,
  };
  try {
    return (await promisify(execFile)(command, args, { env: env as NodeJS.ProcessEnv, cwd: here })).stdout;
  } catch (error) {
    const { code, stdout, stderr } = error as NodeJS.ErrnoException & { stdout?: string; stderr?: string };
    throw new Error(code === "ENOENT" ? install : `${stderr}\n${stdout}`);
  }
}

async function versionIn(file: string, pattern: RegExp): Promise<string> {
  return pattern.exec(await readFile(join(root, file), "utf8"))?.[1] ?? "unknown";
}

async function runHvac(address?: string) {
  const python = join(await pythonEnvironment("clients"), "python");
  return JSON.parse(
    await run(python, [join(here, "hvac_client.py")], await settings(address), installPython),
  );
}

test("hvac", async () => {
  const version = await versionIn("testing/peers/requirements-clients.txt", /hvac==(\S+)/);
  expectOperations(`hvac ${version}`, await runHvac(), []);
}, 600_000);

test("hvac through nginx, which sends HTTP/1.0 to what it proxies", async () => {
  const nginx = await startNginx(dialect.url);
  try {
    expectOperations(`hvac through nginx ${nginx.version}`, await runHvac(`${nginx.url}/vault`), []);
  } finally {
    await nginx.stop();
  }
});

/** Runs a program that writes its answers to a file, because it logs to its output. */
async function runToFile(command: string, args: string[], install: string, more: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), "peer-"));
  const answer = join(folder, "answer.json");
  const homes = { AIRFLOW_HOME: folder, ANSIBLE_HOME: folder };
  await run(command, args, await settings(), install, { ...homes, ...more, PEER_ANSWER: answer });
  const answers = JSON.parse(await readFile(answer, "utf8"));
  await rm(folder, { recursive: true });
  return answers;
}

test("Ansible's community.hashi_vault", async () => {
  const bin = await pythonEnvironment("clients");
  const playbook = join(here, "ansible_client.yml");
  const answers = await runToFile(join(bin, "ansible-playbook"), [playbook], installPython, {
    ANSIBLE_LOCALHOST_WARNING: "False",
  });
  const version = await versionIn("testing/peers/requirements-clients.txt", /ansible==(\S+)/);
  const without = ["state", "leader", "list", "capabilities", "write", "new token", "wrapping"] as const;
  expectOperations(`Ansible ${version}`, answers, without);
}, 600_000);

test("Airflow's VaultBackend", async () => {
  const python = join(await pythonEnvironment("airflow"), "python");
  const answers = await runToFile(python, [join(here, "airflow_client.py")], installPython, {});
  const version = await versionIn("testing/peers/requirements-airflow.txt", /apache-airflow==(\S+)/);
  const used: Operation[] = ["token", "approle", "jwt", "kubernetes", "connection", "missing"];
  expectOperations(`Airflow ${version}`, answers, allBut(used));
}, 600_000);

test("Go's vault/api", async () => {
  const version = await versionIn("testing/peers/go/go.mod", /vault\/api v(\S+)/);
  expectOperations(`Go vault/api ${version}`, await runGo("go"), ["list"]);
}, 600_000);

test("Vault Agent's auto-auth and templates", async () => {
  const version = await versionIn("testing/peers/agent/go.mod", /hashicorp\/vault v(\S+)/);
  const used: Operation[] = [
    "approle",
    "jwt",
    "kubernetes",
    "types",
    "version",
    "list by list=",
    "folder",
    "connection",
    "mount",
    "missing",
    "wrong token",
  ];
  expectOperations(`Vault Agent ${version}`, await runGo("agent"), allBut(used));
}, 600_000);

/** Runs a Go program of this folder. Returns its answers. */
async function runGo(program: string) {
  const more = { GOFLAGS: "-mod=readonly" };
  return JSON.parse(await run("go", ["-C", program, "run", "."], await settings(), installGo, more));
}

function allBut(used: readonly Operation[]): Operation[] {
  return (Object.keys(expected) as Operation[]).filter((name) => !used.includes(name));
}

/** Copies the dependencies of a Maven project, and runs one Java file with them. Returns its answers. */
async function runJava(project: string, program: string) {
  const libs = join(root, ".peers", project);
  const pom = join(here, project, "pom.xml");
  const copy = ["-q", "-B", "-f", pom, "dependency:copy-dependencies", `-DoutputDirectory=${libs}`];
  await run("mvn", copy, await settings(), installJava);
  const args = ["-cp", `${libs}/*`, join(here, project, program)];
  return JSON.parse(await run("java", args, await settings(), installJava));
}

test("vault-java-driver", async () => {
  const answers = await runJava("java", "VaultClient.java");
  const version = await versionIn("testing/peers/java/pom.xml", versionOf("vault-java-driver"));
  const without = ["leader", "metadata", "list", "capabilities", "mount", "new token", "wrapping"] as const;
  expectOperations(`vault-java-driver ${version}`, answers, without);
}, 600_000);

test("Spring Vault", async () => {
  const answers = await runJava("spring", "SpringVault.java");
  const version = await versionIn("testing/peers/spring/pom.xml", versionOf("spring-vault-core"));
  expectOperations(`Spring Vault ${version}`, answers, ["leader", "list", "wrapping"]);
}, 600_000);

function versionOf(artifact: string): RegExp {
  return new RegExp(`${artifact}</artifactId>\\s*<version>([^<]+)`);
}

const inPackage = (name: string) => versionIn("package.json", new RegExp(`"${name}": "([^"]+)"`));

test("node-vault", async () => {
  const without = ["list by list=", "capabilities", "wrapping"] as const;
  expectOperations(
    `node-vault ${await inPackage("node-vault")}`,
    await runNodeVault(await settings()),
    without,
  );
});

test("@litehex/node-vault", async () => {
  const version = await inPackage("@litehex/node-vault");
  const without = ["leader", "list by list=", "lookup", "capabilities", "new token", "wrapping"] as const;
  expectOperations(`@litehex/node-vault ${version}`, await runLitehex(await settings()), without);
});

test("hashi-vault-js", async () => {
  const version = await inPackage("hashi-vault-js");
  const without = ["leader", "list by list=", "mount", "wrapping"] as const;
  expectOperations(`hashi-vault-js ${version}`, await runHashiVaultJs(await settings()), without);
});

/** Starts nginx in front of automate, as its package configures `proxy_pass`. */
async function startNginx(upstream: string) {
  const found = await promisify(execFile)("nginx", ["-v"]).catch(() => {
    throw new Error(installNginx);
  });
  const folder = await mkdtemp(join(tmpdir(), "nginx-"));
  const free = await listen(createServer());
  await free.close();
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const server = `server { listen 127.0.0.1:${free.port}; location / { proxy_pass ${upstream}; } }`;
  const config = `daemon off; pid ${folder}/pid; error_log ${folder}/log; events {} http { access_log off; ${places.join(" ")} ${server} }`;
  await writeFile(join(folder, "nginx.conf"), config);
  const nginx = spawn("nginx", ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", join(folder, "log")]);
  const url = `http://127.0.0.1:${free.port}`;
  await expect
    .poll(() =>
      fetch(`${url}/healthz`).then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(200);
  return {
    url,
    version: /nginx\/(\S+)/.exec(found.stderr)?.[1] ?? "",
    async stop() {
      nginx.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
