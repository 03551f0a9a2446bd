import { expect, test } from "vitest";
import { answerValue } from "@/automate/runtime-api/secret-answer";
import { Plaintext } from "@/lib/crypto/plaintext";
import type { SubKind } from "@/lib/secrets/kinds/registry";

const opened = (fields: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(fields).map(([field, text]) => [field, new Plaintext(Buffer.from(text))]),
  );

test.each<[SubKind, Record<string, string>, unknown]>([
  ["text", { value: "k9-secret" }, "k9-secret"],
  ["binary", { value: "k9-secret" }, Buffer.from("k9-secret").toString("base64")],
  ["username_password", { username: "u", password: "k9-secret" }, { username: "u", password: "k9-secret" }],
])(
  "automate overwrites the bytes of a %s after it has written the value to the answer",
  (subKind, fields, value) => {
    const plaintexts = opened(fields);
    expect(answerValue(subKind, plaintexts)).toEqual(value);
    for (const plaintext of Object.values(plaintexts))
      expect(plaintext.revealBytes().every((byte) => byte === 0)).toBe(true);
  },
);
