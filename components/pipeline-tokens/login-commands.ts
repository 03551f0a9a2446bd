/** One command for POSIX shells, and one for Windows PowerShell 5 and later. */
export type LoginCommands = { shell: string; powerShell: string };

/**
 * Commands that download the command line from Automate and store a token with it. They contain no token: the
 * command line prompts for it.
 */
export function loginCommands(
  addresses: { webUrl: string; automateUrl: string },
  fabric?: { id: string; name: string },
): LoginCommands {
  const [webUrl, automateUrl] = [addresses.webUrl, addresses.automateUrl].map((url) => new URL(url).origin);
  const program = `${automateUrl}/cli/selvage.mjs`;
  const login = `node selvage.mjs login --url ${webUrl} --automate-url ${automateUrl}`;
  const pipeline = (name: string) => (fabric ? ` --pipeline ${name}` : "");
  return {
    shell: `curl -fsSO ${program} && ${login}${pipeline(shellQuoted(fabric?.name ?? ""))}`,
    // PowerShell 5 has no &&, and its `curl` is another command.
    powerShell: `curl.exe -fsSO ${program}; if ($?) { ${login}${pipeline(powerShellQuoted(fabric))} }`,
  };
}

/**
 * Quotes a name for any POSIX shell: in double quotes, or in single quotes if it contains characters that
 * double quotes expand.
 */
function shellQuoted(name: string): string {
  return /["$`\\!]/.test(name) ? `'${name.replaceAll("'", `'\\''`)}'` : `"${name}"`;
}

/**
 * The fabric's name in quotes, or its id. PowerShell 5 passes quotes and backslashes to programs unescaped, so a
 * name could add options, such as another address for the token.
 */
function powerShellQuoted(fabric: { id: string; name: string } | undefined): string {
  const { id, name } = fabric ?? { id: "", name: "" };
  return /^[\p{L}\p{N} _.,+@:/-]*$/u.test(name) ? `"${name}"` : id;
}
