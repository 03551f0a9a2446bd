/** The path in front of the dialect: on the port of the runtime API, or on a port of its own. */
export type VaultPrefix = "/vault/v1" | "/v1";

const repeated: Readonly<Record<VaultPrefix, RegExp>> = {
  "/vault/v1": /^\/+vault\/+v1\//,
  "/v1": /^\/+v1\//,
};

/** Returns a URL of the dialect without repeated slashes in its prefix, and any other URL unchanged. */
export function withoutRepeatedSlashes(url: string, prefix: VaultPrefix): string {
  return url.replace(repeated[prefix], `${prefix}/`);
}

/** The parts of a Vault path. Vault ignores repeated slashes, and those at either end. */
export function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

/**
 * The name of the secret at the parts of a path below `data` or `metadata`. Names have no folders, and some
 * clients prefix each name with a folder of their own, so a dot replaces the slash.
 */
export function nameAt(parts: readonly string[]): string {
  return parts.filter((part) => part !== ".").join(".");
}

/** The name of the connection at Airflow's path `connections/{name}`, if it is one. */
export function connectionAt([folder, name, ...more]: readonly string[]): string | undefined {
  return folder === "connections" && more.length === 0 ? name : undefined;
}

/** Returns whether a `list` parameter is true, as Go's strconv.ParseBool; null if it is neither true nor false. */
export function parseBool(text: string): boolean | null {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  return ["0", "f", "F", "false", "FALSE", "False"].includes(text) ? false : null;
}

/**
 * The mount that a system path describes, `sys/mounts/{name}` or `sys/internal/ui/mounts/{name}`, and the path
 * below it. Undefined for any other path.
 */
export function describedMount(
  parts: readonly string[],
): { name: string; below: string | undefined; isForUi: boolean } | undefined {
  const [, ui, name, below] =
    /^sys\/(internal\/ui\/)?mounts\/([^/]+)(?:\/(.+))?$/.exec(parts.join("/")) ?? [];
  return name === undefined ? undefined : { name, below, isForUi: ui !== undefined };
}
