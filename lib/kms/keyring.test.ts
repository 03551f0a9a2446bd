import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from "jose";
import { describe, expect, test } from "vitest";
import { CannotUnwrap } from "@/lib/kms/define";
import { openKeyring } from "@/lib/kms/keyring";

const dir = mkdtempSync(join(tmpdir(), "selvage-keyring-"));
const context = { fabricId: "01a2", kid: "01a3" };
let files = 0;

function file(text: string, mode = 0o600): string {
  files += 1;
  const path = join(dir, `file-${files}`);
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
}

const masterKeyFile = () => file(randomBytes(32).toString("base64url"));
const openConfig = (config: unknown) => openKeyring({ configFile: file(JSON.stringify(config)) });

describe("a keyring", () => {
  test("of a file that lists keys wraps with the primary and unwraps with each", async () => {
    const [main, former] = [masterKeyFile(), masterKeyFile()];
    const before = await openKeyring({ masterKeyFile: former });
    const wrapped = await before.primary.wrap(new Uint8Array(32).fill(7), context);
    const keyring = await openConfig({
      primary: "main",
      keys: [
        { label: "main", provider: "local", file: main },
        { label: "former", provider: "local", file: former },
        { label: "Acme's key", provider: "local", file: masterKeyFile(), team: "t1" },
      ],
    });
    expect(keyring.keys.map(({ label, team }) => [label, team])).toEqual([
      ["main", undefined],
      ["former", undefined],
      ["Acme's key", "t1"],
    ]);
    expect(keyring.primary.label).toBe("main");
    const unwrapped = await keyring.get(before.primary.fingerprint).unwrap(wrapped, context);
    expect(unwrapped).toEqual(new Uint8Array(32).fill(7));
    await expect(keyring.primary.unwrap(wrapped, context)).rejects.toThrow(CannotUnwrap);
    expect(() => keyring.get("unknown")).toThrow("No key of the keyring has the fingerprint unknown.");
  });

  test("without one of its other keys opens with a warning, and without its primary does not open", async () => {
    const keys = [
      { label: "main", provider: "local", file: masterKeyFile() },
      { label: "former", provider: "local", file: join(dir, "gone") },
    ];
    const { warnings } = await openConfig({ primary: "main", keys });
    expect(warnings).toEqual([
      `Master key “former” cannot be used. The master key file ${join(dir, "gone")} is missing: restore it from your backup.`,
    ]);
    await expect(openConfig({ primary: "former", keys })).rejects.toThrow(
      "is missing: restore it from your backup.",
    );
  });

  test("names a file that exists and cannot be read apart from a missing one", async () => {
    await expect(
      openConfig({ primary: "main", keys: [{ label: "main", provider: "local", file: dir }] }),
    ).rejects.toThrow(
      `The master key file ${dir} cannot be read (EISDIR): this program's user (uid ${process.getuid?.()}) must own it and reach its folder.`,
    );
  });

  const key = (label: string, more = {}) => ({ label, provider: "local", file: masterKeyFile(), ...more });
  const same = masterKeyFile();
  test.each<[string, unknown, string]>([
    ["without keys", { primary: "main", keys: [] }, "keys: list at least one key"],
    [
      "with a primary that is not listed",
      { primary: "x", keys: [key("main")] },
      "has no key “x”, its primary",
    ],
    [
      "with a team's key as primary",
      { primary: "main", keys: [key("main", { team: "t1" })] },
      "belongs to a team",
    ],
    ["with one label twice", { primary: "main", keys: [key("main"), key("main")] }, "has two keys “main”"],
    [
      "with one key twice",
      { primary: "a", keys: [key("a", { file: same }), key("b", { file: same })] },
      "“a” and “b” are the same master key: list it once.",
    ],
    ["with an unknown setting", { primary: "main", keys: [key("main", { mode: 1 })] }, "keys[0]: "],
    [
      "with an unknown provider",
      { primary: "main", keys: [key("main", { provider: "x" })] },
      "keys[0].provider: ",
    ],
    [
      "with a missing setting",
      { primary: "main", keys: [{ label: "main", provider: "local" }] },
      "keys[0].file: ",
    ],
  ])("%s is refused with a sentence", async (_what, config, sentence) => {
    await expect(openConfig(config)).rejects.toThrow(sentence);
    await expect(openConfig(config)).rejects.toThrow(expect.objectContaining({ name: "BadMasterKey" }));
  });

  test("that is not JSON, or that others can read, is refused", async () => {
    const text = file("{");
    await expect(openKeyring({ configFile: text })).rejects.toThrow(
      `The keyring's file ${text} is not JSON.`,
    );
    const open = file("{}", 0o644);
    await expect(openKeyring({ configFile: open })).rejects.toThrow(
      `The keyring's file ${open} can be read by others: set its mode to 600.`,
    );
    const readable = masterKeyFile();
    chmodSync(readable, 0o640);
    await expect(openKeyring({ masterKeyFile: readable })).rejects.toThrow("can be read by others");
  });
});

describe("a key in a file", () => {
  /** A throw-away key. What it wrapped must unwrap in every future version. */
  const known = file("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");

  test.each([
    [
      "the former format, which binds no context",
      "eyJhbGciOiJBMjU2R0NNS1ciLCJlbmMiOiJBMjU2R0NNIiwiaXYiOiJHa3FYbW5DWnVFUlZDS0F4IiwidGFnIjoiTjVxR1JxOFpKbl9ZSUFwUWZ1SXNlUSJ9.7VbyUQObp3206vQFeefwt0Fa4reaIwUEmcd_FJQnsy0.dPxplwt9OvfwUCqT.-vFEkk6_r9FYcI7TrIletYMTmi9Zzj2fAIHYD_eM5lQ.EsIhGIZLGiC0jGzx4JC-Sw",
    ],
    [
      "the present format",
      "eyJhbGciOiJBMjU2R0NNS1ciLCJlbmMiOiJBMjU2R0NNIiwiY3R4IjoiMDFhMi8wMWEzIiwiaXYiOiJTS1MwNnN0YnJiV05GT19KIiwidGFnIjoiWVhxWGNEa2FXaUNRd1J2QThjdmNRdyJ9.9QOkNoD2yQLJZw4hj5JIYeVUDWdmEgR6GbocWU97RuY.efvV1EzOLoSmwuhs.jLBltCcUumovhn7SGPN3uX0R4d3BTkJVe1cg5krK7_o.Lynll_gm6AStOESVtvwXxA",
    ],
  ])("unwraps a known answer of %s", async (_format, wrapped) => {
    const { primary } = await openKeyring({ masterKeyFile: known });
    expect(primary.fingerprint).toBe("vqVdn5rx6TZPfDqt");
    expect(await primary.unwrap(wrapped, context)).toEqual(new Uint8Array(32).fill(9));
  });

  test("binds what it wraps to its fabric and its kid", async () => {
    const { primary } = await openKeyring({ masterKeyFile: known });
    const wrapped = await primary.wrap(new Uint8Array(32).fill(9), context);
    expect(decodeProtectedHeader(wrapped)).toMatchObject({
      alg: "A256GCMKW",
      enc: "A256GCM",
      ctx: "01a2/01a3",
    });
    for (const other of [
      { ...context, fabricId: "01a4" },
      { ...context, kid: "01a4" },
    ])
      await expect(primary.unwrap(wrapped, other)).rejects.toThrow(CannotUnwrap);
  });

  test("agrees with jose in both directions, and does not unwrap what was changed", async () => {
    const { primary } = await openKeyring({ masterKeyFile: known });
    const master = new Uint8Array(32).map((_, i) => i);
    const plain = new Uint8Array(32).fill(3);
    const header = { alg: "A256GCMKW", enc: "A256GCM", ctx: "01a2/01a3" };
    const byJose = await new CompactEncrypt(plain).setProtectedHeader(header).encrypt(master);
    expect(await primary.unwrap(byJose, context)).toEqual(plain);
    const wrapped = await primary.wrap(plain, context);
    expect((await compactDecrypt(wrapped, master)).plaintext).toEqual(plain);
    const parts = byJose.split(".");
    for (let part = 0; part < parts.length; part += 1) {
      const changed = parts.map((text, i) =>
        i === part ? `${text[0] === "A" ? "B" : "A"}${text.slice(1)}` : text,
      );
      await expect(primary.unwrap(changed.join("."), context)).rejects.toThrow(CannotUnwrap);
    }
    for (const alg of ["dir", "A256KW"]) {
      const foreign = await new CompactEncrypt(plain).setProtectedHeader({ ...header, alg }).encrypt(master);
      await expect(primary.unwrap(foreign, context)).rejects.toThrow(CannotUnwrap);
    }
  });
});
