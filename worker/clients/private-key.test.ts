import { generateKeyPairSync } from "node:crypto";
import ssh2 from "ssh2";
import { describe, expect, it } from "vitest";
import { createSshKey } from "@/testing/servers/sftp-server";
import { readPrivateKey } from "@/worker/clients/private-key";

const { parseKey } = ssh2.utils;
const read = (stored: string | Uint8Array) => readPrivateKey(stored, asOne);
const asOne = (key: string) => {
  const parsed = parseKey(key);
  return Array.isArray(parsed) ? new Error("Several keys.") : parsed;
};

const pkcs8 = { type: "pkcs8", format: "pem" } as const;
const curve = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const edwards = generateKeyPairSync("ed25519").privateKey;
const phrase = { cipher: "aes256", passphrase: "canary" } as const;

/* Made by puttygen 0.78 for these tests. No server accepts them. */
const puttyEdwards = `PuTTY-User-Key-File-3: ssh-ed25519
Encryption: none
Comment: test
Public-Lines: 2
AAAAC3NzaC1lZDI1NTE5AAAAIHr7jk/cmHlj86Fz0dBkNzdyOKNpSy67mKh654BX
Kdol
Private-Lines: 1
AAAAIHNT6H6Qwwv5veIFCabxAteCf5gOn7Uw5GX0ICTGbdFL
Private-MAC: 310dd1a73ee75667e4b8991aeb2afaaacbf460c993fab2021bf54653b924a0b7
`;
const puttyCurve = `PuTTY-User-Key-File-3: ecdsa-sha2-nistp256
Encryption: none
Comment: test
Public-Lines: 3
AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBJS8vcFYEcpF
zRq2hm7StcMzZIQz5WxM6w9VXlZKWk6hKmJZhIQqVW3Qdqb40wzOCRZKAmxy1f4Z
EaBj7u7vrlY=
Private-Lines: 1
AAAAIQDBOzossw8V+vpGdIbMJ2jeDnFBHPYGG9dBaf1HW8sbwg==
Private-MAC: 43bcb4f7a396fdcf0afbb44cc3399f490baa8ecace8ea454e2da2e776c7ae3f3
`;
const puttyTwo = `PuTTY-User-Key-File-2: ssh-ed25519
Encryption: none
Comment: test
Public-Lines: 2
AAAAC3NzaC1lZDI1NTE5AAAAIHr7jk/cmHlj86Fz0dBkNzdyOKNpSy67mKh654BX
Kdol
Private-Lines: 1
AAAAIHNT6H6Qwwv5veIFCabxAteCf5gOn7Uw5GX0ICTGbdFL
Private-MAC: 1f5126279e861d81d0e9388867d571ff7b8e183c
`;

const keys: [string, string, string][] = [
  ["OpenSSH", createSshKey().private, "ssh-ed25519"],
  ["PKCS#1", rsa.export({ type: "pkcs1", format: "pem" }).toString(), "ssh-rsa"],
  ["SEC 1", curve.export({ type: "sec1", format: "pem" }).toString(), "ecdsa-sha2-nistp256"],
  ["PKCS#8 of RSA", rsa.export(pkcs8).toString(), "ssh-rsa"],
  ["PKCS#8 of ECDSA", curve.export(pkcs8).toString(), "ecdsa-sha2-nistp256"],
  ["PKCS#8 of Ed25519", edwards.export(pkcs8).toString(), "ssh-ed25519"],
  ["PuTTY 3 of Ed25519", puttyEdwards, "ssh-ed25519"],
  ["PuTTY 3 of ECDSA", puttyCurve, "ecdsa-sha2-nistp256"],
  ["PuTTY 2 of Ed25519", puttyTwo, "ssh-ed25519"],
];

describe.each(keys)("a key in the form %s", (_form, key, type) => {
  const forms: [string, string][] = [
    ["as it is", key],
    ["in base64", Buffer.from(key).toString("base64")],
    ["with Windows line breaks", key.replaceAll("\n", "\r\n")],
    ["copied out of JSON", JSON.stringify(key).slice(1, -1)],
    ["with space around it", `\uFEFF \n${key}\n\n `],
  ];

  it.each(forms)("is read %s, and its public half verifies its signature", (_how, stored) => {
    const parsed = asOne(read(Buffer.from(stored)));
    if (parsed instanceof Error) throw parsed;
    expect(parsed.type).toBe(type);
    const publicHalf = asOne(`${type} ${parsed.getPublicSSH().toString("base64")}`);
    if (publicHalf instanceof Error) throw publicHalf;
    const data = Buffer.from("data");
    const algorithm = type === "ssh-rsa" ? "sha256" : undefined;
    expect(publicHalf.verify(data, parsed.sign(data, algorithm), algorithm)).toBe(true);
  });

  it.skipIf(key.includes("PuTTY"))("is read with its lines broken at other positions", () => {
    expect(read(key.replaceAll("\n", " "))).toBe(read(key.replaceAll("\n", "\n\n  ")));
  });
});

it.each([
  ["OpenSSH", createSshKey("canary").private],
  ["PKCS#1", rsa.export({ type: "pkcs1", format: "pem", ...phrase }).toString()],
  ["PKCS#8", rsa.export({ ...pkcs8, ...phrase }).toString()],
  ["PuTTY", puttyEdwards.replace("Encryption: none", "Encryption: aes256-cbc")],
])("reports that a key in the form %s has a passphrase", (_form, key) => {
  expect(() => read(key)).toThrow("private_key_encrypted");
  expect(() => read(Buffer.from(key).toString("base64"))).toThrow("private_key_encrypted");
});

it.each([
  ["nothing", ""],
  ["other text", "canary, no key"],
  ["a public key", createSshKey().public],
  ["half a key", createSshKey().private.slice(0, 200)],
  ["a PuTTY key without its private lines", puttyEdwards.slice(0, 150)],
])("refuses %s as a private key", (_what, text) => {
  expect(() => read(text)).toThrow("private_key_invalid");
});
