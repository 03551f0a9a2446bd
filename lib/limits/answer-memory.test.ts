import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createAnswerMemory } from "@/lib/limits/answer-memory";

/** An answer that is sent when its stream ends. */
function answer() {
  const raw = new PassThrough();
  return { raw, end: () => new Promise<void>((resolve) => raw.once("close", resolve).destroy()) };
}

const own = expect.objectContaining({ name: "Busy", isOwn: true });
const all = expect.objectContaining({ name: "Busy", isOwn: false });

test("unread answers are refused first to the caller with the most of them, and all fit again once they are sent", async () => {
  const memory = createAnswerMemory({ totalBytes: 40, perCallerBytes: 10, perTeamBytes: 20 });
  const unread = ["a", "b", "c", "d"].map((caller) => {
    const one = answer();
    memory.reserve(one.raw, { callerId: caller }, 10);
    return one;
  });
  const next = answer();
  expect(() => memory.reserve(next.raw, { callerId: "a" }, 1)).toThrow(own);
  expect(() => memory.reserve(next.raw, { callerId: "e" }, 1)).toThrow(all);
  for (const { end } of unread) await end();
  memory.reserve(next.raw, { callerId: "a" }, 1);
});

test("one answer of any size fits, of a caller and of all", () => {
  const memory = createAnswerMemory({ totalBytes: 40, perCallerBytes: 10, perTeamBytes: 20 });
  memory.reserve(answer().raw, { callerId: "a" }, 100);
  expect(() => memory.reserve(answer().raw, { callerId: "a" }, 1)).toThrow(own);
});

test("an answer whose client has disconnected counts nothing", async () => {
  const memory = createAnswerMemory({ totalBytes: 40, perCallerBytes: 10, perTeamBytes: 20 });
  const gone = answer();
  await gone.end();
  memory.reserve(gone.raw, { callerId: "a" }, 10);
  memory.reserve(answer().raw, { callerId: "a" }, 10);
});

test("an answer in pages counts its current page, and nothing after its end", async () => {
  const memory = createAnswerMemory({ totalBytes: 100, perCallerBytes: 10, perTeamBytes: 20 });
  const paged = answer();
  const resize = memory.reserve(paged.raw, { callerId: "a" }, 10);
  resize(3);
  const second = answer();
  memory.reserve(second.raw, { callerId: "a" }, 7);
  await Promise.all([paged.end(), second.end()]);
  resize(10);
  memory.reserve(answer().raw, { callerId: "a" }, 1);
  memory.reserve(answer().raw, { callerId: "a" }, 9);
});
