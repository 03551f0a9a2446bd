import { AsyncLocalStorage } from "node:async_hooks";
import type { Socket } from "node:net";
import type { GuardOptions } from "@/automate/egress-guard";

/** How long sockets may take to close when they are destroyed; it takes no answer from the other side. */
const closeWithinMs = 100;

const passages = new AsyncLocalStorage<Passage>();
/** Goes by for what has lost its context, and outside of any check. */
let latest: Passage | undefined;

/**
 * The way out of one check: what it may dial, and the sockets that it dialled. What a check starts, however late it acts,
 * belongs to the check's passage, since Node.js carries it along every callback: after its end nothing can be dialled by
 * it, and nothing of it is told.
 */
export class Passage {
  options: GuardOptions;
  readonly #sockets = new Set<Socket>();
  #isOver = false;

  constructor(options: GuardOptions) {
    this.options = {
      ...options,
      onProgress: (reached) => this.#isOver || options.onProgress(reached),
      onFailure: (failure) => this.#isOver || options.onFailure(failure),
    };
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether what runs now is of this check, or of nobody that is known. */
  get isHere(): boolean {
    const here = passages.getStore();
    return here === undefined || here === this;
  }

  run<T>(check: () => T): T {
    return passages.run(this, check);
  }

  add(socket: Socket): void {
    this.#sockets.add(socket);
  }

  /** Destroys every socket of the check; says whether all of them are closed. */
  async end(): Promise<boolean> {
    this.#isOver = true;
    const closing = [...this.#sockets].map(closed);
    this.#sockets.clear();
    const late = new Promise<false>((resolve) => setTimeout(resolve, closeWithinMs, false).unref());
    return Promise.race([Promise.all(closing).then(() => true), late]);
  }
}

/** Opens the passage of another check. */
export function openPassage(options: GuardOptions): Passage {
  latest = new Passage(options);
  return latest;
}

/** The passage of what runs now. */
export function passageHere(): Passage | undefined {
  return passages.getStore() ?? latest;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) return resolve();
    socket.once("close", () => resolve());
    // Nobody listens any more; without a listener an error would be thrown.
    socket.on("error", () => {});
    socket.destroy();
  });
}
