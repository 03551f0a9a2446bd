import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const page = join(root, "docs/clients/README.md");
const [start, end] = ["<!-- Written by npm run test:peers -->", "<!-- End -->"];

const texts = {
  state: "state of the server",
  leader: "leader",
  token: "a pipeline token",
  approle: "AppRole's login",
  jwt: "a JWT's login",
  kubernetes: "Kubernetes' login, at its default mount",
  types: "the four types of secret",
  version: "a version",
  metadata: "metadata",
  list: "the method LIST",
  "list by list=": "a list by `list=`",
  folder: "a list of a folder",
  connection: "Airflow's path of a connection",
  lookup: "the token's own data",
  capabilities: "capabilities",
  mount: "the mount and its version",
  missing: "error: a missing name",
  "wrong token": "error: a wrong token",
  write: "error: a write",
  "new token": "error: a new token",
  wrapping: "error: a wrapped answer",
};

/** Writes the table of clients and operations of the last `npm run test:peers` into docs/clients/README.md. */
export async function writeClientsTable() {
  const results = await readFile(join(root, "test-results/vault-clients.json"), "utf8");
  const { operations, clients } = JSON.parse(results);
  const row = (cells) => `| ${cells.join(" | ")} |`;
  const rows = operations.map((operation) =>
    row([texts[operation], ...clients.map((one) => (one.operations.includes(operation) ? "✓" : "–"))]),
  );
  const head = ["", ...clients.map(({ client }) => client)];
  const table = [row(head), row(head.map(() => "---")), ...rows].join("\n");
  const text = await readFile(page, "utf8");
  const [before, rest] = text.split(start);
  await writeFile(page, `${before}${start}\n${table}\n${end}${rest.split(end)[1]}`);
}
