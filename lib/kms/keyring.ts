import * as z from "zod";
import { BadMasterKey, KeyServiceFault, type MasterKey } from "@/lib/kms/define";
import { readOwnerOnly } from "@/lib/kms/owner-only-file";
import { type KeySettings, keySettings, openMasterKey } from "@/lib/kms/providers/registry";
import { type KeyCall, type Resilience, resilient } from "@/lib/kms/resilient";

/** A master key of a deployment. */
export type KeyringKey = MasterKey & {
  readonly label: string;
  /** The only team whose fabrics may use it. */
  readonly team?: string;
};

/** The master keys of a deployment. The primary wraps; every key unwraps what it wrapped. */
export type Keyring = {
  readonly primary: KeyringKey;
  readonly keys: readonly KeyringKey[];
  /** One sentence for each key that could not be opened. Fabrics that need it cannot be read. */
  readonly warnings: readonly string[];
  /** The key with this fingerprint. Throws `KeyServiceFault` "missing". */
  get(fingerprint: string): KeyringKey;
  find(fingerprint: string): KeyringKey | undefined;
  close(): Promise<void>;
};

/** Where a keyring is configured: a file that lists the keys, or the file of one local key. */
export type KeyringSource = { configFile: string } | { masterKeyFile: string };

type Options = { onCall?: (call: KeyCall) => void; resilience?: Resilience };

const configSchema = z.strictObject({
  primary: z.string(),
  keys: z.array(keySettings).min(1, "list at least one key"),
});

/**
 * Opens every key of the keyring. Throws `BadMasterKey` when the configuration is wrong, and `KeyServiceFault` when
 * the primary cannot be opened. Another key that cannot be opened is a warning.
 */
export async function openKeyring(source: KeyringSource, options: Options = {}): Promise<Keyring> {
  const { primary: primaryLabel, keys: settings } =
    "configFile" in source
      ? await readConfig(source.configFile)
      : {
          primary: "main",
          keys: [{ label: "main", provider: "local" as const, file: source.masterKeyFile }],
        };
  const warnings: string[] = [];
  const opened = await Promise.all(
    settings.map(async (one): Promise<KeyringKey[]> => {
      const key = await openMasterKey(one).catch((error: unknown) => {
        if (one.label === primaryLabel || !(error instanceof KeyServiceFault)) throw error;
        warnings.push(`Master key “${one.label}” cannot be used. ${error.message}`);
      });
      return key ? [{ ...withLabel(key, one, options) }] : [];
    }),
  );
  return createKeyring(opened.flat(), primaryLabel, warnings);
}

/** A keyring of keys that are open. */
export function createKeyring(
  keys: readonly KeyringKey[],
  primaryLabel: string,
  warnings: readonly string[] = [],
): Keyring {
  const byFingerprint = new Map<string, KeyringKey>();
  for (const key of keys) {
    const same = byFingerprint.get(key.fingerprint);
    if (same)
      throw new BadMasterKey(`“${same.label}” and “${key.label}” are the same master key: list it once.`);
    byFingerprint.set(key.fingerprint, key);
  }
  const primary = keys.find(({ label }) => label === primaryLabel);
  if (!primary) throw new BadMasterKey(`The keyring has no key “${primaryLabel}”.`);
  return {
    primary,
    keys,
    warnings,
    find: (fingerprint) => byFingerprint.get(fingerprint),
    get(fingerprint) {
      const key = byFingerprint.get(fingerprint);
      if (key) return key;
      throw new KeyServiceFault("missing", `No key of the keyring has the fingerprint ${fingerprint}.`);
    },
    async close() {
      await Promise.all(keys.map((key) => key.close?.()));
    },
  };
}

function withLabel(key: MasterKey, { label, team }: KeySettings, options: Options): KeyringKey {
  // A file has no service. A program that is too busy to notice an answer in time must not lose its key.
  const guarded =
    key.provider === "local" ? key : resilient(key, label, options.onCall ?? (() => {}), options.resilience);
  return { ...guarded, label, ...(team === undefined ? {} : { team }) };
}

async function readConfig(file: string): Promise<z.infer<typeof configSchema>> {
  const text = await readOwnerOnly(file, "The keyring's file");
  const parsed = configSchema.safeParse(parseJson(file, text));
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `  ${nameOf(path)}: ${message}`);
    throw new BadMasterKey(`The keyring's file ${file} is not valid:\n${faults.join("\n")}`);
  }
  const { primary, keys } = parsed.data;
  const labels = keys.map(({ label }) => label);
  const twice = labels.find((label, index) => labels.indexOf(label) !== index);
  if (twice !== undefined) throw new BadMasterKey(`The keyring's file ${file} has two keys “${twice}”.`);
  const first = keys.find(({ label }) => label === primary);
  if (!first) throw new BadMasterKey(`The keyring's file ${file} has no key “${primary}”, its primary.`);
  if (first.team !== undefined)
    throw new BadMasterKey(
      `The keyring's file ${file} names “${primary}” as primary, but that key belongs to a team.`,
    );
  return parsed.data;
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadMasterKey(`The keyring's file ${file} is not JSON.`);
  }
}

/** `keys[1].file` of the path `["keys", 1, "file"]`. */
function nameOf(path: readonly PropertyKey[]): string {
  const name = path.reduce<string>(
    (before, part) => (typeof part === "number" ? `${before}[${part}]` : `${before}.${String(part)}`),
    "",
  );
  return name.replace(/^\./, "") || "the file";
}
