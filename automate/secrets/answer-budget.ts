import { finished } from "node:stream";
import type { FastifyReply } from "fastify";
import { Refusal } from "@/automate/http/error";
import type { UsableSecret } from "@/automate/secrets/current-secret";

const mib = 1024 * 1024;
/** Smaller values, such as texts and passwords, are not counted. */
const minCountedBytes = 64 * 1024;
/** The most memory for opened files until they are sent: for all answers, and for one caller. */
const limits = { total: 256 * mib, perCaller: 64 * mib };
/** A file is held four times: as sealed text, bytes, Base64 and JSON. */
const copies = 4;
const readTimeoutMs = 15_000;

/** Returns the total size of the files of these secrets, in bytes. */
export function sizeOf(secrets: readonly Pick<UsableSecret, "metadata">[]): number {
  return secrets.reduce((sum, { metadata }) => sum + (metadata.sizeBytes ?? 0), 0);
}

let reservedBytes = 0;
const reservedByCaller = new Map<string, number>();

/**
 * Reserves memory for the files of an answer until it is sent or its connection closes.
 *
 * Throws `Refusal` 429 when the caller's other answers use up the caller's share, and 503 when all answers
 * use up the total. A single answer always fits.
 */
export function reserveMemory(reply: FastifyReply, callerId: string, sizeBytes: number): void {
  if (sizeBytes < minCountedBytes) return;
  const bytes = sizeBytes * copies;
  const own = reservedByCaller.get(callerId) ?? 0;
  const retry = { retryAfterSeconds: 1 };
  if (own > 0 && own + bytes > limits.perCaller)
    throw new Refusal(
      429,
      "busy",
      "Too many large files in progress for this token. Read the pending responses first, then retry.",
      retry,
    );
  if (reservedBytes > 0 && reservedBytes + bytes > limits.total)
    throw new Refusal(503, "busy", "Too many large files in progress. Retry.", retry);
  add(callerId, bytes);
  // Disconnects a client that does not read for this long. Otherwise a client that never reads would hold the
  // memory forever.
  reply.raw.socket?.setTimeout(readTimeoutMs);
  finished(reply.raw, () => add(callerId, -bytes));
}

function add(callerId: string, bytes: number): void {
  reservedBytes += bytes;
  const own = (reservedByCaller.get(callerId) ?? 0) + bytes;
  if (own === 0) reservedByCaller.delete(callerId);
  else reservedByCaller.set(callerId, own);
}
