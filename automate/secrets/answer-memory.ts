import type { FastifyReply } from "fastify";
import type { UsableSecret } from "@/automate/secrets/usable-secret";
import { type AnswerReader, createAnswerMemory, minCountedBytes } from "@/lib/limits/answer-memory";

const mib = 1024 * 1024;
/**
 * The most memory for opened files, and for pages of names, until they are sent: for all answers, of one token and
 * of one team. The largest answer fits twice, so the tokens of one team always leave room for another team's.
 */
export const unreadAnswers = createAnswerMemory({
  totalBytes: 256 * mib,
  perCallerBytes: 64 * mib,
  perTeamBytes: 128 * mib,
});
/** A file is held four times: as sealed text, bytes, Base64 and JSON. */
const copies = 4;

/** Returns the total size of the files of these secrets, in bytes. */
export function sizeOf(secrets: readonly Pick<UsableSecret, "metadata">[]): number {
  return secrets.reduce((sum, { metadata }) => sum + (metadata.sizeBytes ?? 0), 0);
}

/**
 * Reserves memory for the files of an answer until it is sent or its connection closes. Texts and passwords are not
 * counted. Throws `Busy`; a single answer always fits.
 */
export function reserveMemory(reply: FastifyReply, reader: AnswerReader, sizeBytes: number): void {
  if (sizeBytes >= minCountedBytes) unreadAnswers.reserve(reply.raw, reader, sizeBytes * copies);
}
