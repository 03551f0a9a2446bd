import { finished } from "node:stream";
import type { FastifyReply } from "fastify";
import { Refusal } from "@/automate/http/error";
import type { UsableSecret } from "@/automate/secrets/current-secret";

const mib = 1024 * 1024;
/** What is smaller is not counted: a text, a password. */
const countedFrom = 64 * 1024;
/** What opened files may take in memory, all answers together and those of one caller, until they are sent. */
const most = { together: 256 * mib, caller: 64 * mib };
/** A file is held as sealed text, as bytes, as Base64 and as JSON. */
const copies = 4;
const readWithinMs = 15_000;

/** How many bytes the files of these secrets have together. */
export function sizeOf(secrets: readonly Pick<UsableSecret, "facts">[]): number {
  return secrets.reduce((sum, { facts }) => sum + (facts.sizeBytes ?? 0), 0);
}

let taken = 0;
const takenBy = new Map<string, number>();

/**
 * Takes room in memory for the files of an answer, until it is sent or its reader is gone. Throws `Refusal` 429 when the caller's
 * other answers still fill theirs, 503 when everybody's do. One answer alone always has room.
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
  // Whoever reads nothing of it for that long is cut off, twice that at the latest.
  reply.raw.socket?.setTimeout(readWithinMs);
  finished(reply.raw, () => add(callerId, -bytes));
}

function add(callerId: string, bytes: number): void {
  taken += bytes;
  const own = (takenBy.get(callerId) ?? 0) + bytes;
  if (own === 0) takenBy.delete(callerId);
  else takenBy.set(callerId, own);
}
