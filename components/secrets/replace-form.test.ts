import type { ResolverOptions } from "react-hook-form";
import { describe, expect, it } from "vitest";
import {
  type FieldChange,
  isUsedByOthers,
  type ReplaceFormValues,
  resolveReplacement,
} from "@/components/secrets/replace-form";
import { emptyValues } from "@/components/secrets/secret-form";
import type { SubKind } from "@/lib/secrets/kinds/registry";

const options: ResolverOptions<ReplaceFormValues> = { fields: {}, shouldUseNativeValidation: false };

function replace(
  subKind: SubKind,
  changes: Record<string, FieldChange>,
  fields: ReplaceFormValues["fields"] = {},
  file: File | null = null,
) {
  const resolve = resolveReplacement({ id: "s1", subKind, version: 3 });
  const values = {
    fields: { ...emptyValues.fields, ...fields },
    file,
    changes,
    destinationIds: ["d1"],
    expiresAt: "",
  };
  return resolve(values, undefined, options);
}

describe("replacing a value", () => {
  it("omits each field that the person keeps, even if they typed into it before", async () => {
    const { values } = await replace(
      "username_password",
      { password: "replaced", username: "kept" },
      { password: "new", username: "typed and then kept" },
    );
    expect(values).toMatchObject({ secretId: "s1", expectedVersion: 3, destinationIds: ["d1"] });
    expect(values).toHaveProperty("fields", { password: "new" });
  });

  it("rejects an empty value for a replaced field", async () => {
    const { errors } = await replace("username_password", { password: "replaced" });
    expect(errors).toHaveProperty("fields.password.message", "Password is empty.");
  });

  it("clears Scope and nothing else", async () => {
    const { values } = await replace("m2m_oauth", { scope: "cleared" });
    expect(values).toHaveProperty("fields", { scope: null });
    expect((await replace("m2m_oauth", { clientId: "cleared" })).errors).toHaveProperty("fields.clientId");
  });

  it("requires at least one field", async () => {
    const { errors } = await replace("m2m_oauth", { scope: "kept" });
    expect(errors).toHaveProperty("root.message", "Replace at least one field.");
  });

  it("sends a file as its bytes, with its name", async () => {
    const { values } = await replace("binary", { value: "replaced" }, {}, new File(["abc"], "ca.pem"));
    expect(values).toHaveProperty("fields.value", new TextEncoder().encode("abc"));
    expect(values).toHaveProperty("fileName", "ca.pem");
    expect((await replace("binary", { value: "replaced" })).errors).toHaveProperty(
      "fields.value.message",
      "Choose a file.",
    );
  });
});

describe("A new value that is entered in the form of connection a concerns others", () => {
  it.each([
    ["when nothing uses the secret", [], 0, "a", false],
    ["when only a uses it", ["a"], 0, "a", false],
    ["when only a uses it, and pipelines read it", ["a"], 1, "a", true],
    ["when b uses it, too", ["a", "b"], 0, "a", true],
    ["when only b uses it", ["b"], 0, "a", true],
    ["when b uses it, and a is not saved", ["b"], 0, undefined, true],
    ["when only pipelines read it", [], 1, "a", false],
  ])("%s", (_, users, readers, connectionId, concerns) => {
    const connections = users.map((id) => ({ id }));
    const secret = { usedBy: users.length, connections, readers: Array.from({ length: readers }) };
    expect(isUsedByOthers(secret, connectionId)).toBe(concerns);
  });
});
