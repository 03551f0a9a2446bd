import { write } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Lines that wait for a slow reader; beyond this they are dropped. */
const maxWaiting = 1_048_576;
const flushWithinMs = 1000;

/**
 * The log, on standard output. It never blocks and never throws: a log on a full disk, or one that nobody reads, costs lines, not
 * answers. (What Fastify logs to by default writes synchronously, and its error on a full disk froze the process.)
 */
export function createLogStream(fd = 1) {
  let waiting = "";
  let writing: Promise<void> | undefined;
  async function writeWaiting(): Promise<void> {
    while (waiting !== "") {
      const lines = Buffer.from(waiting);
      waiting = "";
      await writeAll(fd, lines).catch(() => {});
    }
    writing = undefined;
  }
  return {
    write(line: string): void {
      if (waiting.length < maxWaiting) waiting += line;
      writing ??= writeWaiting();
    },
    /** Waits a moment for what was said last, before the process ends. */
    flush: () => Promise.race([writing, sleep(flushWithinMs, undefined, { ref: false })]),
  };
}

async function writeAll(fd: number, bytes: Buffer): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    offset += await new Promise<number>((resolve, reject) => {
      write(fd, bytes, offset, (error, written) => {
        if (error === null) resolve(written);
        // A pipe that is full at the moment.
        else if (error.code === "EAGAIN") setTimeout(resolve, 50, 0);
        else reject(error);
      });
    });
  }
}
