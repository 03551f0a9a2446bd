import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Connector, connectorGroups } from "@/lib/connectors/define";
import { connectorForm, type FormField } from "@/lib/connectors/form";
import { connectors } from "@/lib/connectors/registry";

/** The folder of the pages. */
export const folder = resolve(import.meta.dirname, "../docs/connections");

/**
 * The page of each kind of connection and their index, by file name. Generated from the registry; do not edit
 * them.
 */
export function connectionPages(): Record<string, string> {
  const all: Connector[] = Object.values(connectors);
  return {
    "README.md": indexPage(all),
    ...Object.fromEntries(all.map((connector) => [`${connector.kind}.md`, page(connector)])),
  };
}

/** Writes the pages, and removes those of kinds that no longer exist. */
export async function writeConnectionPages(): Promise<void> {
  const pages = connectionPages();
  await mkdir(folder, { recursive: true });
  for (const file of await readdir(folder)) if (!(file in pages)) await rm(join(folder, file));
  for (const [file, text] of Object.entries(pages)) await writeFile(join(folder, file), text);
}

const origin = "<!-- Written by `npm run docs` from lib/connectors. -->";

function indexPage(all: readonly Connector[]): string {
  const sections = Object.entries(connectorGroups).map(([group, title]) => {
    const rows = all
      .filter((connector) => connector.group === group)
      .map(({ kind, name, description }) => `- [${name}](${kind}.md) (\`${kind}\`): ${description}`);
    return [`## ${title}`, "", ...rows, ""].join("\n");
  });
  return [origin, "", "# Kinds of connection", "", ...sections].join("\n");
}

function page(connector: Connector): string {
  const { kind, name, description, group, rights, credentialPage } = connector;
  const { fields } = connectorForm(connector);
  return [
    origin,
    "",
    `# ${name}`,
    "",
    `${description}. Kind in the API: \`${kind}\`. Group: ${connectorGroups[group]}.${
      connector.isWarehouse ? " It can be the SQL warehouse of a fabric." : ""
    }`,
    "",
    "## Credential",
    "",
    rights,
    "",
    `How to make one: <${credentialPage}>`,
    "",
    "## Fields",
    "",
    "| Label | API name | Required | Value | Shown when |",
    "|---|---|---|---|---|",
    ...fields.map((field) => row(field, fields)),
    "",
    ...helpOf(fields),
  ].join("\n");
}

function row(field: FormField, all: readonly FormField[]): string {
  const { title, name, isRequired, showWhen, userOf } = field;
  const conditions = Object.entries(showWhen).map(([by, values]) => {
    const other = all.find((one) => one.name === by);
    const words = values.map((value) => other?.options?.find((one) => one.value === value)?.label ?? value);
    return `${other?.title ?? by} is ${words.join(" or ")}`;
  });
  const cells = [
    title,
    `\`${name}\``,
    isRequired ? (userOf ? `unless the secret of \`${userOf}\` gives it` : "yes") : "no",
    kindOfValue(field),
    conditions.join(", and "),
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function kindOfValue({ control, options, subKinds, initial }: FormField): string {
  if (control === "secret") return `secret: ${subKinds?.join(" or ")}`;
  if (options)
    return options
      .map(({ value, isAvailable }) => {
        const note = isAvailable ? "" : " (not available yet)";
        return `\`${value}\`${value === initial ? " (default)" : note}`;
      })
      .join(", ");
  return `${control === "number" ? "integer" : "text"}${initial === "" ? "" : `, by default \`${initial}\``}`;
}

function helpOf(fields: readonly FormField[]): string[] {
  const notes = fields.flatMap(({ title, help }) => (help ? [`- **${title}**: ${help}`] : []));
  return notes.length === 0 ? [] : [...notes, ""];
}
