import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadKeys, signingKeysOf } from "@/launcher/keys.mjs";

const database = "the database in /data/pg";
let dir: string;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "selvage-keys-"));
  await loadKeys(dir, async () => undefined);
});
afterEach(() => rmSync(dir, { recursive: true }));

const names = [
  "automate-database.password",
  "automate-signing.jwk",
  "master.key",
  "operator-signing.jwk",
  "session.secret",
  "web-database.password",
  "web-signing.jwk",
];
const content = () => Object.fromEntries(names.map((name) => [name, readFileSync(join(dir, name), "utf8")]));

it("the first start creates seven key files, and the next start reads them", async () => {
  expect(readdirSync(dir).sort()).toEqual(names);
  const before = content();
  expect((await loadKeys(dir, async () => database)).notices).toEqual([]);
  expect(content()).toEqual(before);
});

it("backups of a former signing key verify: the operator's programs get its public half, after the present one", async () => {
  const publicHalf = (jwk: string) => JSON.parse(jwk).x;
  const former = publicHalf(content()["automate-signing.jwk"] ?? "");
  await loadKeys(dir, async () => database, { newSigningKey: true });
  const present = publicHalf(content()["automate-signing.jwk"] ?? "");
  const { keys } = JSON.parse(await signingKeysOf(dir));
  expect(keys).toEqual([present, former].map((x) => ({ kty: "OKP", crv: "Ed25519", x })));
});

it("with a keyring of the operator's, the start neither requires nor creates a master key file", async () => {
  rmSync(join(dir, "master.key"));
  const files = readdirSync(dir);
  const { notices } = await loadKeys(dir, async () => database, { hasKeyring: true });
  expect(notices).toEqual([]);
  expect(readdirSync(dir)).toEqual(files);
});

describe("a lost file", () => {
  it.each([
    [
      "master.key",
      "secrets that only the master key opens: restore the backup, or set KMS_CONFIG if that key is in your keyring.",
    ],
    [
      "automate-signing.jwk",
      "fabric keys that it signed: restore the backup, or run npm start -- --new-signing-key once.",
    ],
  ])("%s is named, and the start creates no file", async (name, sentence) => {
    rmSync(join(dir, name));
    const files = readdirSync(dir);
    await expect(loadKeys(dir, async () => database)).rejects.toThrow(
      `${join(dir, name)} is missing, but ${database} already holds ${sentence} Nothing was changed.`,
    );
    expect(readdirSync(dir)).toEqual(files);
  });

  it("automate-signing.jwk is created again when the start is told to, and a present one is kept aside", async () => {
    const former = content()["automate-signing.jwk"];
    await loadKeys(dir, async () => database, { newSigningKey: true });
    expect(content()["automate-signing.jwk"]).not.toBe(former);
    const [kept = ""] = readdirSync(dir).filter((name) => /^automate-signing\.20.*\.jwk$/.test(name));
    expect(readFileSync(join(dir, kept), "utf8")).toBe(former);
    rmSync(join(dir, "automate-signing.jwk"));
    await loadKeys(dir, async () => database, { newSigningKey: true });
    expect(content()["automate-signing.jwk"]).not.toBe(former);
  });

  it.each([
    ["session.secret", "everyone must sign in again"],
    ["web-signing.jwk", "web and automate use it from now on"],
    ["operator-signing.jwk", "npm run admin and automate use it from now on"],
    ["web-database.password", "this start set it for web's login"],
    ["automate-database.password", "this start set it for automate's login"],
  ])("%s is created again, and the start names it and the consequence", async (name, meaning) => {
    rmSync(join(dir, name));
    const { notices } = await loadKeys(dir, async () => database);
    expect(notices).toEqual([`${join(dir, name)} was missing. Selvage created a new one: ${meaning}.`]);
  });
});

describe("a damaged file", () => {
  it.each([
    ["master.key", "c2hvcnQ"],
    ["automate-signing.jwk", '{"kty":"OKP","crv":"Ed25519","x":'],
    ["automate-signing.jwk", "null"],
    ["web-signing.jwk", '{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}'],
    ["session.secret", "short"],
    ["web-database.password", "\u0000\u0000\u0000"],
    ["web-database.password", ""],
  ])("%s is named, and the start changes no file", async (name, text) => {
    writeFileSync(join(dir, name), text);
    const before = content();
    await expect(loadKeys(dir, async () => database)).rejects.toThrow(
      `${join(dir, name)} is damaged: restore it from your backup. Nothing was changed.`,
    );
    expect(content()).toEqual(before);
  });
});
