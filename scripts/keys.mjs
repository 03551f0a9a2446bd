import { createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { chmod, link, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Refusal } from "./progress.mjs";

const secret = () => randomBytes(32).toString("base64url");
const signingKey = () => JSON.stringify(generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }));

/** Lost, these cannot be made again: what the first wrapped stays closed, and what the second signed is not believed. */
const irreplaceable = { masterKey: "master.key", automateSigningKey: "automate-signing.jwk" };
const replaceable = {
  webSigningKey: "web-signing.jwk",
  sessionSecret: "session.secret",
  webPassword: "web-database.password",
  automatePassword: "automate-database.password",
};

/** The master key's file; only automate is told of it. */
export const masterKeyFile = (dir) => join(dir, irreplaceable.masterKey);

/**
 * The installation's keys, made on its first run.
 * @param {string} dir
 * @param {() => Promise<string | undefined>} inUse names the place that already holds what the keys closed, if any
 */
export async function loadKeys(dir, inUse) {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  const missing = [];
  for (const name of Object.values(irreplaceable))
    if ((await read(dir, name)) === undefined) missing.push(join(dir, name));
  const place = missing.length > 0 ? await inUse() : undefined;
  if (place !== undefined) {
    throw new Refusal(
      `${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} missing, but ${place} already holds secrets that only ${missing.length > 1 ? "they open" : "it opens"}: put the backup back. Nothing was changed.`,
    );
  }
  const keys = {};
  for (const [key, name] of Object.entries({ ...replaceable, ...irreplaceable })) {
    keys[key] = await loadKey(dir, name, name.endsWith(".jwk") ? signingKey : secret);
  }
  const { masterKey: _automatesAlone, ...rest } = keys;
  return {
    ...rest,
    webPublicKey: publicHalf(keys.webSigningKey),
    automatePublicKey: publicHalf(keys.automateSigningKey),
  };
}

/** Reads a key, or makes it: whole or not at all, and never over an old one. */
export async function loadKey(dir, name, make = secret) {
  const found = await read(dir, name);
  if (found !== undefined) return found;
  const draft = join(dir, `.${name}.${process.pid}`);
  const file = await open(draft, "w", 0o600);
  await file.writeFile(`${make()}\n`);
  await file.sync();
  await file.close();
  await link(draft, join(dir, name));
  await rm(draft);
  return (await read(dir, name)) ?? "";
}

async function read(dir, name) {
  const text = (await readFile(join(dir, name), "utf8").catch(missing))?.trim();
  if (text === "")
    throw new Refusal(`${join(dir, name)} is empty: put the backup back. Nothing was changed.`);
  return text;
}

function missing(error) {
  if (error.code !== "ENOENT") throw new Refusal(`A key cannot be read: ${error.message}.`);
  return undefined;
}

function publicHalf(jwk) {
  return JSON.stringify(createPublicKey({ key: JSON.parse(jwk), format: "jwk" }).export({ format: "jwk" }));
}
