import type { Writable } from "node:stream";
import { Busy } from "@/lib/limits/busy";

/** Smaller answers are not counted: the kernel's buffer of the socket holds them. */
export const minCountedBytes = 64 * 1024;

/** Bounds the answers that wait for their clients, in bytes. */
export type AnswerMemory = ReturnType<typeof createAnswerMemory>;

/**
 * Bounds the bytes of answers that their clients have not read yet: of all together, and of one caller. Otherwise
 * one caller who reads nothing could fill the memory of a program.
 */
export function createAnswerMemory(limits: { totalBytes: number; perCallerBytes: number }) {
  const byCaller = new Map<string, number>();
  let totalBytes = 0;

  function add(caller: string, bytes: number): void {
    totalBytes += bytes;
    const own = (byCaller.get(caller) ?? 0) + bytes;
    if (own === 0) byCaller.delete(caller);
    else byCaller.set(caller, own);
  }

  return {
    /**
     * Counts an answer until it is sent or its connection closes. Throws `Busy` when it does not fit; a single one
     * always fits. Returns a function that changes its size, for an answer in pages.
     */
    reserve(answer: Writable, caller: string, bytes: number): (bytes: number) => void {
      const own = byCaller.get(caller) ?? 0;
      if (own > 0 && own + bytes > limits.perCallerBytes)
        throw new Busy(true, "Too many large answers in progress: read your earlier ones first, then retry.");
      if (totalBytes > 0 && totalBytes + bytes > limits.totalBytes)
        throw new Busy(false, "Too many large answers in progress: try again.");
      let held = 0;
      let isOver = false;
      const resize = (to: number) => {
        if (isOver) return;
        add(caller, to - held);
        held = to;
      };
      resize(bytes);
      const end = () => {
        resize(0);
        isOver = true;
      };
      // The client may have disconnected already.
      if (answer.destroyed) end();
      else answer.once("close", end);
      return resize;
    },
  };
}
