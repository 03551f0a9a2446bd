import { expect, test } from "vitest";
import { type SubKind, secretKinds, subKinds } from "@/lib/secrets/kinds/registry";

// The documented names. Integrations depend on them, so they must never change.
const documented: Record<SubKind, [label: string, fields: Record<string, string>]> = {
  text: ["Text", { value: "Value" }],
  binary: ["Binary", { value: "Value" }],
  username_password: ["Username & Password", { username: "Username", password: "Password" }],
  m2m_oauth: [
    "M2M OAuth",
    { clientId: "Client ID", clientSecret: "Client Secret", authUrl: "Auth URL", scope: "Scope" },
  ],
};

test("the dialog offers the types in this order", () => {
  expect(subKinds).toEqual(["text", "binary", "username_password", "m2m_oauth"]);
});

test.each(subKinds)("the type %s has its documented label and fields", (subKind) => {
  const { label, fields } = secretKinds[subKind];
  const titles = Object.entries(fields).map(([name, { title }]) => [name, title]);
  expect([label, Object.fromEntries(titles)]).toEqual(documented[subKind]);
});
