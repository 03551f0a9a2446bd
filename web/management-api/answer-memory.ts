import "server-only";
import type { FastifyReply } from "fastify";
import { type AnswerReader, createAnswerMemory, minCountedBytes } from "@/lib/limits/answer-memory";

const mib = 1024 * 1024;

/** The unread answers of the management API. A page of 500 secrets has 200 kB; with the longest descriptions, 2 MB. */
export const unreadAnswers = createAnswerMemory({
  totalBytes: 128 * mib,
  perCallerBytes: 8 * mib,
  perTeamBytes: 64 * mib,
});

/** Counts a large answer until its client has read it. Throws `Busy` when too many are unread. */
export function countUnread(reply: FastifyReply, reader: AnswerReader, bytes: number): void {
  if (bytes >= minCountedBytes) unreadAnswers.reserve(reply.raw, reader, bytes);
}
