import { expect, test } from "vitest";
import { wipeBytes } from "@/lib/wipe";

test("wipe overwrites the bytes in a sent object at any depth, and no other data", () => {
  const [file, key] = [new Uint8Array([1, 2, 3]), Buffer.from("key")];
  const sent = { name: "n", list: [null, { file }], value: key, at: undefined };
  wipeBytes(sent);
  expect([...file, ...key]).toEqual([0, 0, 0, 0, 0, 0]);
  expect(sent).toEqual({ name: "n", list: [null, { file }], value: key, at: undefined });
  wipeBytes(undefined);
});
