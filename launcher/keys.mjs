import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { chmod, link, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Refusal } from "./progress.mjs";

const secret = {
  make: () => randomBytes(32).toString("base64url"),
  isValid: (text) => /^[\w-]{32,}$/.test(text),
};
const masterKey = { make: secret.make, isValid: (text) => Buffer.from(text, "base64url").length === 32 };
const signingKey = {
  make: () => JSON.stringify(generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" })),
  isValid: (text) => {
    try {
      const jwk = JSON.parse(text);
      const { x } = createPublicKey(createPrivateKey({ key: jwk, format: "jwk" })).export({ format: "jwk" });
      return jwk.crv === "Ed25519" && jwk.x === x;
    } catch {
      return false;
    }
  },
};

/** In PEM format, for OpenSSL. */
const releaseKey = {
  make: () => generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).trim(),
  isValid: (text) => {
    try {
      return createPrivateKey(text).asymmetricKeyType === "ed25519";
    } catch {
      return false;
    }
  },
};

/**
 * Keys that a start does not replace by itself. Without the master key, stored secrets cannot be opened. After
 * a new signing key for automate, each fabric key must be signed again.
 */
const irreplaceable = {
  masterKey: { name: "master.key", ...masterKey },
  automateSigningKey: { name: "automate-signing.jwk", ...signingKey },
};
/** Keys that can be recreated, and the consequence of doing so. */
const replaceable = {
  webSigningKey: {
    name: "web-signing.jwk",
    ...signingKey,
    meaning: "web and automate use it from now on",
  },
  operatorSigningKey: {
    name: "operator-signing.jwk",
    ...signingKey,
    meaning: "npm run admin and automate use it from now on",
  },
  sessionSecret: { name: "session.secret", ...secret, meaning: "everyone must sign in again" },
  webPassword: { name: "web-database.password", ...secret, meaning: "this start set it for web's login" },
  automatePassword: {
    name: "automate-database.password",
    ...secret,
    meaning: "this start set it for automate's login",
  },
};

/** As many as the programs accept. */
const mostPublicKeys = 4;

/** The path of the master key. Only automate receives it. */
export const masterKeyFile = (dir) => join(dir, irreplaceable.masterKey.name);

/**
 * The installation's keys, created on the first run. Names each lost or damaged file. Never recreates a key
 * that stored data depends on.
 * @param {string} dir
 * @param {() => Promise<string | undefined>} inUse names the database that already depends on the keys, if any
 * @param {{ newSigningKey?: boolean, hasKeyring?: boolean }} options `newSigningKey` replaces automate's signing
 *   key, and keeps a former one under another name. `hasKeyring`: KMS_CONFIG lists the master keys, so that no
 *   file of one is needed here
 */
export async function loadKeys(dir, inUse, { newSigningKey = false, hasKeyring = false } = {}) {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  if (newSigningKey) await replaceSigningKey(dir);
  const { masterKey, ...otherIrreplaceable } = irreplaceable;
  const groups = { irreplaceable: hasKeyring ? otherIrreplaceable : irreplaceable, replaceable };
  const lost = { irreplaceable: [], replaceable: [] };
  for (const [group, kinds] of Object.entries(groups))
    for (const kind of Object.values(kinds))
      if ((await read(dir, kind)) === undefined) lost[group].push(kind);
  const isAnyLost = lost.irreplaceable.length + lost.replaceable.length > 0;
  const database = isAnyLost ? await inUse() : undefined;
  const missing = lost.irreplaceable.map(({ name }) => join(dir, name));
  if (database !== undefined && missing.length > 0) {
    const isMasterKeyLost = lost.irreplaceable.includes(masterKey);
    const [are, why, remedy] = isMasterKeyLost
      ? [
          missing.length > 1 ? "are" : "is",
          "secrets that only the master key opens",
          ", or set KMS_CONFIG if that key is in your keyring",
        ]
      : ["is", "fabric keys that it signed", ", or run npm start -- --new-signing-key once"];
    throw new Refusal(
      `${missing.join(" and ")} ${are} missing, but ${database} already holds ${why}: restore the backup${remedy}. Nothing was changed.`,
    );
  }
  const keys = {};
  for (const [key, kind] of Object.entries({ ...groups.replaceable, ...groups.irreplaceable }))
    keys[key] = await readOrMake(dir, kind);
  const { masterKey: _automatesAlone, ...others } = keys;
  return {
    keys: {
      ...others,
      webPublicKey: publicHalf(keys.webSigningKey),
      automatePublicKey: publicHalf(keys.automateSigningKey),
      operatorPublicKey: publicHalf(keys.operatorSigningKey),
    },
    /** Sentences about the lost files, for the person who started it. */
    notices:
      database === undefined
        ? []
        : lost.replaceable.map(
            ({ name, meaning }) => `${join(dir, name)} was missing. Selvage created a new one: ${meaning}.`,
          ),
  };
}

/**
 * The password of the embedded database, created before the database.
 * @param {string} dir
 * @param {string | undefined} database names the database, if it already exists: it accepts only its present password
 */
export async function loadDatabasePassword(dir, database) {
  const kind = { name: "postgres.password", ...secret };
  if (database !== undefined && (await read(dir, kind)) === undefined) {
    throw new Refusal(
      `${join(dir, kind.name)} is missing, but ${database} accepts no other password: restore the backup. Nothing was changed.`,
    );
  }
  return readOrMake(dir, kind);
}

/**
 * The file of the key that signs the command line, created if missing. Only the launcher's own user can read it.
 * @param {string} dir
 */
export async function loadReleaseKey(dir) {
  const kind = { name: "release.pem", ...releaseKey };
  const isNew = (await read(dir, kind)) === undefined;
  await readOrMake(dir, kind);
  return { file: join(dir, kind.name), isNew };
}

/**
 * The public halves of automate's present and former signing keys, as a JWK Set: an older backup is signed by a
 * former one.
 * @param {string} dir
 */
export async function signingKeysOf(dir) {
  const former = (await readdir(dir)).filter((name) => /^automate-signing\..+\.jwk$/.test(name));
  const names = [irreplaceable.automateSigningKey.name, ...former.sort().reverse()].slice(0, mostPublicKeys);
  const jwks = await Promise.all(names.map((name) => read(dir, { ...signingKey, name })));
  return JSON.stringify({ keys: jwks.filter(Boolean).map((jwk) => JSON.parse(publicHalf(jwk))) });
}

async function replaceSigningKey(dir) {
  const file = join(dir, irreplaceable.automateSigningKey.name);
  const former = join(dir, `automate-signing.${new Date().toISOString().replaceAll(":", "-")}.jwk`);
  await rename(file, former).catch(missing);
  await readOrMake(dir, irreplaceable.automateSigningKey);
}

/** Reads a key, or creates it atomically. Never overwrites an existing one. */
async function readOrMake(dir, kind) {
  const existing = await read(dir, kind);
  if (existing !== undefined) return existing;
  const draft = join(dir, `.${kind.name}.${process.pid}`);
  const file = await open(draft, "w", 0o600);
  await file.writeFile(`${kind.make()}\n`);
  await file.sync();
  await file.close();
  await link(draft, join(dir, kind.name));
  await rm(draft);
  return (await read(dir, kind)) ?? "";
}

async function read(dir, { name, isValid }) {
  const text = (await readFile(join(dir, name), "utf8").catch(missing))?.trim();
  if (text !== undefined && !isValid(text))
    throw new Refusal(`${join(dir, name)} is damaged: restore it from your backup. Nothing was changed.`);
  return text;
}

function missing(error) {
  if (error.code !== "ENOENT") throw new Refusal(`A key cannot be read: ${error.message}.`);
  return undefined;
}

function publicHalf(jwk) {
  return JSON.stringify(createPublicKey({ key: JSON.parse(jwk), format: "jwk" }).export({ format: "jwk" }));
}
