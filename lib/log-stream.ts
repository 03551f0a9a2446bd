import { write } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Characters buffered for a slow reader. Beyond this, lines are dropped. */
const maxWaiting = 1_048_576;
const flushWithinMs = 1000;

/**
 * The log on standard output. It never blocks and never throws: a full disk, or a reader that stopped, loses
 * lines but no answers.
 * Fastify's default stream writes synchronously; its error on a full disk froze the process.
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
    /** Waits up to `flushWithinMs` for the last lines. Call it before the process exits. */
    flush: () => Promise.race([writing, sleep(flushWithinMs, undefined, { ref: false })]),
  };
}

async function writeAll(fd: number, bytes: Buffer): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    offset += await new Promise<number>((resolve, reject) => {
      write(fd, bytes, offset, (error, written) => {
        if (error === null) resolve(written);
        // The pipe is full; try again.
        else if (error.code === "EAGAIN") setTimeout(resolve, 50, 0);
        else reject(error);
      });
    });
  }
}
