import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isActionBody } from "@/web/action-body";

const text = "text/plain;charset=UTF-8";

// React's own encoder, as Next's pages include it; it expects a bundler.
Object.assign(globalThis, { __webpack_require__: () => undefined });
// @ts-expect-error it has no types
const { encodeReply } = await import("next/dist/compiled/react-server-dom-webpack/client.browser");

async function asSent(args: unknown[]): Promise<[body: Buffer, type: string]> {
  const sent = new Request("http://localhost", { method: "POST", body: await encodeReply(args) });
  return [Buffer.from(await sent.arrayBuffer()), sent.headers.get("content-type") ?? ""];
}

describe("web accepts the bodies that a page sends", () => {
  test("plain values", async () => {
    const input = { name: "", at: undefined, list: [1, null, true, Number.NaN], price: "$5", dollars: "$$" };
    expect(isActionBody(...(await asSent(["id", input])))).toBe(true);
  });

  test("one object referenced twice", async () => {
    const address = { host: "db.example", port: "5432" };
    expect(isActionBody(...(await asSent(["id", { addresses: [address], first: address }])))).toBe(true);
    const shared = { address, value: new Uint8Array(9) };
    expect(isActionBody(...(await asSent(["id", { first: shared, second: shared, third: shared }])))).toBe(
      true,
    );
  });

  test("a file, and a long text", async () => {
    const file = { fields: { value: new Uint8Array(300_000).map((_, i) => i) }, fileName: "key.p12" };
    expect(isActionBody(...(await asSent(["id", file])))).toBe(true);
    expect(isActionBody(...(await asSent(["id", { value: "x".repeat(1_048_576) }])))).toBe(true);
  });

  test("bytes that look like the end of their part", async () => {
    const value = new Uint8Array(
      Buffer.from('\r\n--x\r\ncontent-disposition: form-data; name="0"\r\n\r\n[]\r\n--x--'),
    );
    expect(isActionBody(...(await asSent(["id", { value }])))).toBe(true);
  });

  test("any other content", async () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.string().map((s) => `$${s}`),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
    );
    const key = fc.string().filter((name) => name !== "__proto__");
    const plain = { noNullPrototype: true };
    const bytes = fc.uint8Array({ maxLength: 200 });
    const input = fc.dictionary(key, fc.oneof(leaf, fc.array(leaf), fc.dictionary(key, leaf, plain)), plain);
    await fc.assert(
      fc.asyncProperty(fc.string(), input, fc.option(bytes), async (id, value, file) => {
        expect(isActionBody(...(await asSent([id, file ? { ...value, file } : value])))).toBe(true);
      }),
    );
  });
});

// e2e/request-limits.spec.ts covers the HTTP answer, and that Next never sees a rejected body.
test("web rejects bodies that no page sends", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const body = Buffer.from(bytes);
      const isList = (() => {
        try {
          return Array.isArray(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)));
        } catch {
          return false;
        }
      })();
      expect(isActionBody(body, text)).toBe(isList);
      expect(isActionBody(body, "multipart/form-data; boundary=b")).toBe(false);
    }),
  );
});

/** Lists in which each contains the next one twice: short to write, 2^n long to walk. */
function doubling(n: number): string {
  const lists = Array.from({ length: n }, (_, i) => [`$0:${i + 1}`, `$0:${i + 1}`]);
  return JSON.stringify([...lists, ["a", "b"]]);
}

test.each([
  ["a reference to a reference", '[{"a":{}},"$0:0:b"]'],
  ["an object that holds itself", '["id",{"a":"$0:1"}]'],
  ["a list that doubles with each reference", doubling(30)],
  ["a reference to what is inherited", '[{"a":{}},"$0:0:a:constructor"]'],
  ["a reference to a text", '[{"a":"x"},"$0:0:a"]'],
  ["a member of that name", '[{"__proto__":{"a":1}}]'],
  ["a date", '["$D2026-01-01"]'],
  ["bytes in a list", '["$o1"]'],
  ["a symbol", '["$Sx"]'],
  ["a dollar alone", '["$"]'],
])("web rejects %s", (_name, json) => {
  expect(isActionBody(Buffer.from(json), text)).toBe(false);
});
