import Papa from "papaparse";
import { type ParsedFile, type SecretRow, secretRow, UnreadableFile } from "@/lib/imports/formats/row";
import { fieldsOf, isSubKind, type SubKind, secretKinds, subKinds } from "@/lib/secrets/kinds/registry";

/** The column of each heading, in small letters without spaces, “_” and “-”. */
const columns: Readonly<Record<string, string>> = {
  ...Object.fromEntries(["name", "title", "key", "secret", "secretname"].map((one) => [one, "name"])),
  ...Object.fromEntries(["type", "subkind", "kind"].map((one) => [one, "type"])),
  ...Object.fromEntries(["description", "note", "notes", "comment"].map((one) => [one, "description"])),
  ...Object.fromEntries(["username", "user", "login", "loginusername"].map((one) => [one, "username"])),
  ...Object.fromEntries(["password", "loginpassword"].map((one) => [one, "password"])),
  value: "value",
  clientid: "clientId",
  clientsecret: "clientSecret",
  authurl: "authUrl",
  scope: "scope",
  filename: "fileName",
};

/**
 * The secrets of a CSV file with a heading row. Columns that no type of secret has are left out, and named in a
 * note. So exports of password managers work, too.
 */
export function readCsv(text: string): ParsedFile {
  const { data, errors } = Papa.parse<string[]>(text.replace(/^\uFEFF/, ""), { skipEmptyLines: "greedy" });
  const [headings, ...lines] = data;
  if (!headings) throw new UnreadableFile("The file is empty.");
  const names = headings.map((heading) => columns[heading.toLowerCase().replace(/[\s_-]/g, "")]);
  if (!names.includes("name"))
    throw new UnreadableFile(
      "The first row has no heading “name”. Its headings name the columns: name, type, value.",
    );
  const repeated = names.find((name, at) => name !== undefined && names.indexOf(name) !== at);
  if (repeated) throw new UnreadableFile(`Two headings mean “${repeated}”: keep one.`);
  const broken = new Set(errors.filter(({ type }) => type === "Quotes").map(({ row }) => row));
  const left = headings.filter((heading, at) => names[at] === undefined && heading.trim() !== "");
  return {
    rows: lines.map((cells, at) => {
      const place = `Row ${at + 2}`;
      if (broken.has(at + 1)) return secretRow(place, "", { problem: "A quoted cell does not end." });
      if (cells.length > headings.length)
        return secretRow(place, "", { problem: "It has more cells than headings." });
      return rowOf(
        place,
        Object.fromEntries(names.flatMap((name, i) => (name ? [[name, cells[i] ?? ""]] : []))),
      );
    }),
    notes: left.length === 0 ? [] : [`Left out: ${left.map((one) => `“${one.slice(0, 64)}”`).join(", ")}.`],
  };
}

function rowOf(
  place: string,
  { name = "", type = "", description = "", fileName = "", ...cells }: Record<string, string>,
): SecretRow {
  const filled = Object.entries(cells).filter(([, text]) => text !== "");
  const names = filled.map(([field]) => field);
  const subKind = type.trim() === "" ? guessed(names) : subKindNamed(type);
  if (!subKind)
    return secretRow(place, name, { description, problem: `Its type is not one of ${subKinds.join(", ")}.` });
  const known = fieldsOf(subKind);
  const foreign = names.find((field) => !Object.hasOwn(known, field));
  if (foreign)
    return secretRow(place, name, {
      description,
      problem: `A secret of the type ${secretKinds[subKind].label} has no “${foreign}”.`,
    });
  return secretRow(place, name, { subKind, description, fields: Object.fromEntries(filled), fileName });
}

/** The type of a row without one: by its filled cells. */
function guessed(fields: readonly string[]): SubKind {
  return (
    subKinds.find((one) =>
      fields.some((field) => field !== "value" && Object.hasOwn(fieldsOf(one), field)),
    ) ?? "text"
  );
}

/** A type by its API name or by its label. */
function subKindNamed(text: string): SubKind | undefined {
  const written = text.trim().toLowerCase();
  if (isSubKind(written)) return written;
  return subKinds.find((one) => secretKinds[one].label.toLowerCase() === written);
}
