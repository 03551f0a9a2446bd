import { expect, it } from "vitest";
import { fieldTitle } from "@/components/secrets/secret-kind-look";
import { secretKinds, subKinds } from "@/lib/secrets/kinds/registry";

it("has a label for each field of each secret type", () => {
  const titles = subKinds.flatMap((subKind) =>
    Object.keys(secretKinds[subKind].fields.shape).map((field) => fieldTitle(subKind, field)),
  );
  expect(titles).toEqual([
    "Value",
    "Value",
    "Username",
    "Password",
    "Client ID",
    "Client Secret",
    "Auth URL",
    "Scope",
  ]);
});
