import { PassThrough } from "node:stream";
import type { FastifyReply } from "fastify";
import { expect, test } from "vitest";
import { reserveMemory } from "@/automate/secrets/answer-budget";

const mib = 1024 * 1024;

/** An answer that is sent when its stream ends. */
function answer(): { reply: FastifyReply; end: () => Promise<void> } {
  const raw = new PassThrough();
  const end = () => new Promise<void>((resolve) => raw.once("close", resolve).destroy());
  return { reply: { raw } as unknown as FastifyReply, end };
}

test("automate refuses large files while earlier answers are unread, first to the caller with the most of them", async () => {
  const unread = ["a", "b", "c", "d"].map((caller) => {
    const one = answer();
    reserveMemory(one.reply, caller, 16 * mib);
    return one;
  });
  const next = answer();
  expect(() => reserveMemory(next.reply, "a", mib)).toThrow(expect.objectContaining({ isOwn: true }));
  expect(() => reserveMemory(next.reply, "e", mib)).toThrow(expect.objectContaining({ isOwn: false }));
  reserveMemory(next.reply, "a", 1000);
  await unread[0]?.end();
  reserveMemory(next.reply, "e", mib);
  for (const { end } of [...unread.slice(1), next]) await end();
});

test("automate sends one answer of any size", async () => {
  const { reply, end } = answer();
  reserveMemory(reply, "a", 100 * mib);
  await end();
});
