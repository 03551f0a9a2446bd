import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { AnswerMemory, AnswerReader } from "@/lib/limits/answer-memory";

/** One page of a list, and the cursor of the next page; null after the last one. */
export type Page<T> = { items: readonly T[]; next: string | null };

/** The pages of a list after the first one. */
export type LaterPages = AsyncGenerator<readonly unknown[]>;

/** Loads the pages after the cursor `next`, each when the consumer wants it. */
export async function* laterPages<T>(
  next: string | null,
  load: (after: string) => Promise<Page<T>>,
): AsyncGenerator<readonly T[]> {
  for (let after = next; after !== null; ) {
    const page = await load(after);
    after = page.next;
    yield page.items;
  }
}

/** A JSON text around a list: `head` ends after the list's first items, and `tail` begins with its bracket. */
export type PagedJson = { head: string; later: LaterPages; tail: string };

/** A file whose text is made piece by piece. */
export type PagedFile = { type: string; name: string; pieces: AsyncGenerator<string> };

type Reader = AnswerReader & {
  memory: AnswerMemory;
  /** Throws when the caller may not read on: a client can take hours for a long list. */
  beforePage: () => Promise<void>;
  onFailure: (error: unknown) => void;
};

/**
 * Sends a long list page by page. A page is loaded after the connection took the one before, so that an answer holds
 * one page in memory, and no database connection while its client does not read. Throws `Busy` when too many
 * answers are unread.
 *
 * If a page cannot be loaded, the connection breaks: a list that is cut must not look complete.
 */
export function sendPages(
  reply: FastifyReply,
  { head, later, tail }: PagedJson,
  reader: Reader,
): FastifyReply {
  async function* pieces(): AsyncGenerator<string> {
    for await (const items of later) if (items.length > 0) yield `,${JSON.stringify(items).slice(1, -1)}`;
    yield tail;
  }
  return sendPieces(reply, head, pieces(), reader);
}

/** Sends a file as `sendPages` sends a list. Its first piece is made before the answer begins, so it may still fail. */
export async function sendFile(
  reply: FastifyReply,
  { type, name, pieces }: PagedFile,
  reader: Reader,
): Promise<FastifyReply> {
  const first = await pieces.next();
  reply.type(type).header("content-disposition", `attachment; filename="${name}"`);
  return sendPieces(reply, first.done ? "" : first.value, pieces, reader);
}

function sendPieces(
  reply: FastifyReply,
  head: string,
  pieces: AsyncGenerator<string>,
  reader: Reader,
): FastifyReply {
  // Content-Length would need all pages. It is optional for HEAD (RFC 9110 §9.3.2).
  if (reply.request.method === "HEAD") return reply.send();
  // Fastify and our own watchers listen for the end of each answer. Node.js would warn above ten listeners.
  reply.raw.setMaxListeners(20);
  const resize = reader.memory.reserve(reply.raw, reader, head.length);
  async function* chunks(): AsyncGenerator<Buffer> {
    yield Buffer.from(head);
    try {
      for (;;) {
        await reader.beforePage();
        const { value: piece, done } = await pieces.next();
        if (done) break;
        const chunk = Buffer.from(piece);
        resize(chunk.length);
        yield chunk;
      }
    } catch (error) {
      reader.onFailure(error);
      // A normal close would end an answer in HTTP/1.0 as if it were complete.
      reply.raw.socket?.resetAndDestroy?.();
      throw error;
    }
  }
  // With a higher mark, the stream would load the next page while the client reads the current one.
  return reply.send(Readable.from(chunks(), { objectMode: false, highWaterMark: 0 }));
}
