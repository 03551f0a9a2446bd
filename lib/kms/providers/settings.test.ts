import { expect, test } from "vitest";
import { keySettings } from "@/lib/kms/providers/registry";

const arn = "arn:aws:kms:eu-central-1:111122223333";
const ring = "projects/acme/locations/europe-west3/keyRings/selvage/cryptoKeys";
const hsm = { provider: "pkcs11", library: "/usr/lib/hsm.so", token: "t", object: "o", pinFile: "/etc/pin" };

/** Entries that name something other than one key for ever, or an unprotected way to it. */
const refused: [string, object, string][] = [
  [
    "an alias",
    { provider: "aws", keyId: `${arn}:alias/selvage` },
    "give the ARN of the key, not of an alias",
  ],
  ["a bare key id", { provider: "aws", keyId: "1234abcd" }, "give the ARN of the key, not of an alias"],
  [
    "a version of Azure",
    { provider: "azure", keyId: "https://acme.vault.azure.net/keys/main/5f7f0c2e4d7a4f4aa6a5f9a1c9b6a3d2" },
    "without a version",
  ],
  ["Azure without TLS", { provider: "azure", keyId: "http://acme.vault.azure.net/keys/main" }, "https://"],
  ["a version of Google", { provider: "google", keyId: `${ring}/main/cryptoKeyVersions/1` }, "resource name"],
  [
    "a project's number",
    { provider: "google", keyId: `${ring.replace("acme", "42")}/main` },
    "not its number",
  ],
  [
    "Transit without TLS",
    { provider: "transit", address: "http://vault.example.com:8200", key: "main" },
    "use https",
  ],
  [
    "a path for a name",
    { provider: "transit", address: "https://vault.example.com", key: "../sys/seal" },
    "use letters",
  ],
  ["a relative library", { ...hsm, library: "hsm.so" }, "absolute path"],
  ["an id that is no bytes", { ...hsm, id: "1" }, "hexadecimal"],
  ["an unknown provider", { provider: "ibm", keyId: "x" }, "Invalid"],
  ["a misspelt member", { provider: "local", file: "/k", passphrase: "x" }, "passphrase"],
];

test.each(refused)("the settings refuse %s with a sentence", (_name, entry, sentence) => {
  const parsed = keySettings.safeParse({ label: "main", ...entry });
  expect(parsed.error?.issues.map(({ message }) => message).join()).toContain(sentence);
});

test("the settings of every provider are accepted as the docs show them", () => {
  const entries = [
    { provider: "local", file: "/etc/selvage/master.key" },
    hsm,
    { provider: "aws", keyId: `${arn}:key/1234abcd-12ab-34cd-56ef-1234567890ab` },
    {
      provider: "aws",
      keyId: `${arn.replace("aws:", "aws-us-gov:")}:key/mrk-1234abcd12ab34cd56ef1234567890ab`,
    },
    { provider: "transit", address: "https://vault.example.com:8200", key: "selvage" },
    {
      provider: "transit",
      address: "http://127.0.0.1:8200",
      key: "selvage",
      auth: { method: "kubernetes", role: "r" },
    },
    { provider: "azure", keyId: "https://acme.vault.azure.net/keys/main" },
    { provider: "azure", keyId: "https://acme.managedhsm.azure.net/keys/main", algorithm: "A256KW" },
    { provider: "google", keyId: `${ring}/main` },
  ];
  for (const entry of entries)
    expect(keySettings.safeParse({ label: "main", ...entry }).error).toBeUndefined();
});
