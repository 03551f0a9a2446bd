const maxDepth = 32;
const maxValues = 20_000;
/** The most files in one call. Each file is one part of the form. */
const maxFiles = 4;
/** React's encodings of values that JSON lacks. */
const constants: readonly string[] = ["$undefined", "$NaN", "$Infinity", "$-Infinity", "$-0"];

/**
 * True for the body of a server action as our pages send it: a list of plain values, with file bytes in
 * separate parts. React's decoder also accepts code references, promises, streams and maps. This filter keeps
 * attackers away from those unused features. It also keeps away input that React would reject with an error
 * that repeats it.
 */
export function isActionBody(body: Buffer, contentType: string): boolean {
  const boundary = /^multipart\/form-data; ?boundary=([\w'()+,./:=?-]{1,70})$/i.exec(contentType)?.[1];
  if (boundary !== undefined) return isForm(body, boundary);
  return /^text\/plain; ?charset=utf-8$/i.test(contentType) && isRoot(body, []);
}

type Part = { name: string; isFile: boolean; content: Buffer };

function isForm(body: Buffer, boundary: string): boolean {
  const parts = partsOf(body, boundary);
  const root = parts?.filter(({ name }) => name === "0");
  const files = parts?.filter(({ isFile }) => isFile) ?? [];
  if (root?.length !== 1 || !root[0] || root[0].isFile || parts?.length !== files.length + 1) return false;
  return (
    files.length <= maxFiles &&
    isRoot(
      root[0].content,
      files.map(({ name }) => name),
    )
  );
}

function isRoot(json: Buffer, files: readonly string[]): boolean {
  try {
    const root: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
    const used: string[] = [];
    const walk = { root, used, values: 0 };
    return Array.isArray(root) && isPlain(root, walk, 0) && sameNames(used, files);
  } catch {
    return false;
  }
}

function sameNames(used: readonly string[], files: readonly string[]): boolean {
  return JSON.stringify([...used].sort()) === JSON.stringify([...files].sort());
}

type Walk = { root: unknown; used: string[]; values: number };

function isPlain(value: unknown, walk: Walk, depth: number, isInList = false): boolean {
  walk.values += 1;
  if (depth > maxDepth || walk.values > maxValues) return false;
  if (typeof value === "string") return !value.startsWith("$") || isDecodable(value, walk, depth, isInList);
  if (typeof value !== "object" || value === null) return true;
  const isList = Array.isArray(value);
  return Object.entries(value).every(
    ([key, member]) => key !== "__proto__" && isPlain(member, walk, depth + 1, isList),
  );
}

/**
 * A string that React decodes: an escaped dollar, a constant, a file part, or a reference to an earlier
 * value.
 */
function isDecodable(text: string, walk: Walk, depth: number, isInList: boolean): boolean {
  // React counts this string's length when it is in a list.
  if (text.startsWith("$$")) return !isInList || text.length < maxValues;
  if (constants.includes(text)) return true;
  const file = /^\$o([1-9a-f][0-9a-f]{0,2})$/.exec(text)?.[1];
  if (file !== undefined && !isInList) return walk.used.push(String(Number.parseInt(file, 16))) <= maxFiles;
  return isBackReference(text, walk, depth);
}

function isBackReference(text: string, walk: Walk, depth: number): boolean {
  const path = /^\$0((?::[\w-]{1,64}){1,8})$/.exec(text)?.[1];
  if (path === undefined) return false;
  let value = walk.root;
  for (const key of path.slice(1).split(":")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return false;
    value = Reflect.get(value, key);
  }
  // React's encoder writes references to objects only, never to other references.
  if (typeof value !== "object" || value === null) return false;
  // Counts the value again for each reference. Otherwise an attacker could nest a few references into a graph
  // that takes hours to walk, or never ends.
  const nested: Walk = { ...walk, used: [] };
  const isBounded = isPlain(value, nested, depth);
  walk.values = nested.values;
  return isBounded;
}

/** The parts of a form as browsers encode it; undefined for any other encoding. */
function partsOf(body: Buffer, boundary: string): Part[] | undefined {
  const line = Buffer.from(`\r\n--${boundary}`);
  const parts: Part[] = [];
  if (body.indexOf(`--${boundary}\r\n`) !== 0) return undefined;
  for (let at = line.length; parts.length <= maxFiles + 1; ) {
    const end = body.indexOf(line, at);
    const part = end < 0 ? undefined : partOf(body.subarray(at, end));
    if (!part) return undefined;
    parts.push(part);
    at = end + line.length + 2;
    const lineEnd = body.toString("latin1", end + line.length, at + 2);
    if (lineEnd === "--" || lineEnd === "--\r\n")
      return at + lineEnd.length - 2 === body.length ? parts : undefined;
    if (!lineEnd.startsWith("\r\n")) return undefined;
  }
  return undefined;
}

const partHead =
  /^content-disposition: form-data; name="(0|[1-9]\d{0,2})"(; filename="[^"\r\n]{0,255}")?(?:\r\ncontent-type: [\w./+-]{1,127})?$/i;

function partOf(part: Buffer): Part | undefined {
  const end = part.indexOf("\r\n\r\n");
  const [, name, fileName] = partHead.exec(end < 0 ? "" : part.toString("utf8", 0, end)) ?? [];
  return name === undefined
    ? undefined
    : { name, isFile: fileName !== undefined, content: part.subarray(end + 4) };
}
