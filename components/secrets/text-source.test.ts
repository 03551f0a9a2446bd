import { describe, expect, it } from "vitest";
import { inMemory, readText, shownText, withPasted } from "@/components/secrets/text-source";

const bytes = (...values: number[]) => new File([new Uint8Array(values)], "file");

describe("the text source of a secret", () => {
  it("shows each kind of line ending as the textarea would", () => {
    expect(shownText("a\r\nb\rc\nd")).toBe("a\nb\nc\nd");
  });

  it("keeps the Windows line endings of pasted text and of the text before it", () => {
    const exact = "one\r\ntwo\r\n";
    expect(withPasted(exact, 4, 7, "2\r\n3")).toBe("one\r\n2\r\n3\r\n");
    expect(withPasted(exact, 8, 8, "three\r\n")).toBe("one\r\ntwo\r\nthree\r\n");
    expect(withPasted("", 0, 0, "a\r\n")).toBe("a\r\n");
  });

  it("reads a file byte for byte: byte order mark, NUL, trailing newline", async () => {
    const text = await readText(bytes(0xef, 0xbb, 0xbf, 0x61, 0x00, 0x0d, 0x0a));
    expect(text).toBe("\uFEFFa\0\r\n");
    expect(new TextEncoder().encode(text ?? "")).toHaveLength(7);
  });

  it("reports a file that is not UTF-8 text", async () => {
    expect(await readText(bytes(0xff, 0xfe, 0x61))).toBeNull();
  });

  it("copies a file into memory with its name", async () => {
    const copy = await inMemory(new File(["abc"], "ca.pem"));
    expect(copy?.name).toBe("ca.pem");
    expect(await copy?.text()).toBe("abc");
  });
});
