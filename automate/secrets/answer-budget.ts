import { finished } from "node:stream";
import type { FastifyReply } from "fastify";
import { Refusal } from "@/automate/http/error";
import type { UsableSecret } from "@/automate/secrets/current-secret";

const mib = 1024 * 1024;
/** Smaller values, such as texts and passwords, are not counted. */
const countedFrom = 64 * 1024;
/** The most memory for opened files until they are sent: for all answers, and for one caller. */
const most = { together: 256 * mib, caller: 64 * mib };
/** A file is held four times: as sealed text, bytes, Base64 and JSON. */
const copies = 4;
const readWithinMs = 15_000;

/** Returns the total size of the files of these secrets, in bytes. */
export function sizeOf(secrets: readonly Pick<UsableSecret, "facts">[]): number {
  return secrets.reduce((sum, { facts }) => sum + (facts.sizeBytes ?? 0), 0);
}

let taken = 0;
const takenBy = new Map<string, number>();

/**
 * Reserves memory for the files of an answer until it is sent or its connection closes.
 *
 * Throws `Refusal` 429 when the caller's other answers use up the caller's share, and 503 when all answers
 * use up the total. A single answer always fits.
 */
export function takeRoom(reply: FastifyReply, callerId: string, sizeBytes: number): void {
  if (sizeBytes < countedFrom) return;
  const bytes = sizeBytes * copies;
  const own = takenBy.get(callerId) ?? 0;
  const later = { retryAfterSeconds: 1 };
  if (own > 0 && own + bytes > most.caller)
    throw new Refusal(
      429,
      "busy",
      "Read the answers that are under way first: these files are large.",
      later,
    );
  if (taken > 0 && taken + bytes > most.together)
    throw new Refusal(503, "busy", "Too many large files are being read: ask again.", later);
  add(callerId, bytes);
  // Disconnects a client that does not read for this long. Otherwise a client that never reads would hold the
  // memory forever.
  reply.raw.socket?.setTimeout(readWithinMs);
  finished(reply.raw, () => add(callerId, -bytes));
}

function add(callerId: string, bytes: number): void {
  taken += bytes;
  const own = (takenBy.get(callerId) ?? 0) + bytes;
  if (own === 0) takenBy.delete(callerId);
  else takenBy.set(callerId, own);
}
