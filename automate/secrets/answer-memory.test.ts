import { PassThrough } from "node:stream";
import type { FastifyReply } from "fastify";
import { expect, test } from "vitest";
import { busyRefusal } from "@/automate/http/error";
import { reserveMemory } from "@/automate/secrets/answer-memory";
import { isBusy } from "@/lib/limits/busy";

const mib = 1024 * 1024;

/** An answer that is sent when its stream ends. */
function answer(): { reply: FastifyReply; end: () => Promise<void> } {
  const raw = new PassThrough();
  const end = () => new Promise<void>((resolve) => raw.once("close", resolve).destroy());
  return { reply: { raw } as unknown as FastifyReply, end };
}

/** The status with which automate refuses an answer; null if it sends it. */
function statusOf(reserve: () => void): number | null {
  try {
    reserve();
    return null;
  } catch (error) {
    if (isBusy(error)) return busyRefusal(error).status;
    throw error;
  }
}

const token = (callerId: string, teamId = `team of ${callerId}`) => ({ callerId, teamId });

test("automate refuses large files while earlier answers are unread, first to the caller with the most of them", async () => {
  const unread = ["a", "b", "c", "d"].map((caller) => {
    const one = answer();
    reserveMemory(one.reply, token(caller), 16 * mib);
    return one;
  });
  const next = answer();
  expect(statusOf(() => reserveMemory(next.reply, token("a"), mib))).toBe(429);
  expect(statusOf(() => reserveMemory(next.reply, token("e"), mib))).toBe(503);
  reserveMemory(next.reply, token("a"), 1000);
  await unread[0]?.end();
  reserveMemory(next.reply, token("e"), mib);
  for (const { end } of [...unread.slice(1), next]) await end();
});

test("the tokens of one team leave room for the largest answer to another team", async () => {
  const largest = 32 * mib;
  const unread = [answer(), answer(), answer()] as const;
  reserveMemory(unread[0].reply, token("a", "theirs"), largest);
  expect(statusOf(() => reserveMemory(unread[1].reply, token("b", "theirs"), mib))).toBe(429);
  reserveMemory(unread[2].reply, token("c", "ours"), largest);
  for (const { end } of unread) await end();
});

test("automate sends one answer of any size", async () => {
  const { reply, end } = answer();
  reserveMemory(reply, token("a"), 100 * mib);
  await end();
});
