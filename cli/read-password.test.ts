import { PassThrough } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { askQuestions, PromptEnded, type Questions } from "@/cli/read-password";

/** A terminal for the test that records changes of raw mode and all output. */
function createTerminal() {
  const seen: string[] = [];
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => seen.push(isRaw ? "<raw>" : "<cooked>"),
  });
  const output = new PassThrough();
  output.on("data", (chunk) => seen.push(String(chunk)));
  return {
    type: (text: string) => input.write(text),
    seen: () => seen.join(""),
    ask: <T>(questions: (ask: Questions) => Promise<T>) => askQuestions(questions, input, output),
  };
}

const login = async ({ shown, hidden }: Questions) => [await shown("Username: "), await hidden("Password: ")];

test("the terminal's echo is off before the prompt appears, and comes back afterwards", async () => {
  const { ask, type, seen } = createTerminal();
  const answer = ask(({ hidden }) => hidden("Value: "));
  type("s3cret\r");
  expect(await answer).toBe("s3cret");
  expect(seen()).toBe("<raw>Value: \n<cooked>");
});

test("input typed ahead waits for its prompt, and appears only where the prompt shows input", async () => {
  const { ask, type, seen } = createTerminal();
  const answer = ask(login);
  type("svc\rs3cret\r");
  expect(await answer).toEqual(["svc", "s3cret"]);
  expect(seen()).toContain("svc");
  expect(seen()).not.toContain("s3c");

  const other = createTerminal();
  const reversed = other.ask(async ({ shown, hidden }) => [await hidden("Secret: "), await shown("URL: ")]);
  other.type("s3cret\rhttps://a\rb");
  await expect(reversed).rejects.toThrow("Several lines arrived");
  expect(other.seen()).not.toContain("s3c");
});

test("a paste of several lines is refused whole, across any cut", async () => {
  const { ask, type, seen } = createTerminal();
  const answer = ask(({ hidden }) => hidden("Value: ")).catch((error: unknown) => error);
  type("-----BEGIN\r");
  await setTimeout(20);
  type("abc\r");
  await setTimeout(20);
  type("-----END");
  expect(await answer).toBeInstanceOf(PromptEnded);
  expect(String(await answer)).toContain("Several lines arrived");
  expect(seen()).not.toMatch(/BEGIN|abc|END/);
  expect(seen()).toMatch(/<cooked>$/);
});

test("the first Ctrl-C ends the prompt and restores the terminal", async () => {
  const { ask, type, seen } = createTerminal();
  const answer = ask(login);
  type("svc\rs3c\x03");
  await expect(answer).rejects.toThrow("Nothing was entered");
  expect(seen()).toMatch(/<cooked>$/);
});
