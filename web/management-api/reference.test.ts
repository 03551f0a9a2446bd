import { expect, test } from "vitest";
import { referenceOperations } from "@/web/management-api/reference";

const operations = new Map(referenceOperations().map((operation) => [operation.id, operation]));

test("the reference describes the answer and the errors of each operation", () => {
  for (const { id, answer, failures } of operations.values()) {
    expect(answer, id).not.toEqual([]);
    expect(failures, id).toEqual(expect.arrayContaining([400, 401, 404, 500]));
  }
  const listed = operations.get("listSecretsByFabric")?.answer.map(({ path }) => path);
  expect(listed).toEqual(expect.arrayContaining(["secrets[].properties.name", "next"]));
});

test("the reference marks required fields, also inside optional objects", () => {
  const required = (id: string) =>
    operations
      .get(id)
      ?.bodies[0]?.fields.flatMap(({ path, isRequired }) => (isRequired ? [[path, isRequired]] : []));
  expect(required("createFabric")).toEqual(
    expect.arrayContaining([
      ["teamName", true],
      ["connection.name", { with: "connection" }],
    ]),
  );
  expect(required("updateSecret")).toContainEqual(["properties", true]);
});
