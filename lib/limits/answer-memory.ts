import type { Writable } from "node:stream";
import { Busy } from "@/lib/limits/busy";

/** Smaller answers are not counted: the kernel's buffer of the socket holds them. */
export const minCountedBytes = 64 * 1024;

/** Bounds the answers that wait for their clients, in bytes. */
export type AnswerMemory = ReturnType<typeof createAnswerMemory>;

/** The recipient of an answer: a person or a token, and the team whose data it contains, if it is one team's. */
export type AnswerReader = { callerId: string; teamId?: string | undefined };

type Limits = { totalBytes: number; perCallerBytes: number; perTeamBytes: number };

/**
 * Bounds the bytes of answers that their clients have not read yet: of all together, of one caller and of one
 * team. Otherwise one caller who reads nothing could fill the memory of a program, and one team with many tokens
 * or accounts could use up what all share.
 */
export function createAnswerMemory(limits: Limits) {
  const held = new Map<string, number>();
  let totalBytes = 0;

  function add(keys: readonly string[], bytes: number): void {
    totalBytes += bytes;
    for (const key of keys) {
      const own = (held.get(key) ?? 0) + bytes;
      if (own === 0) held.delete(key);
      else held.set(key, own);
    }
  }

  return {
    /**
     * Counts an answer until it is sent or its connection closes. Throws `Busy` when it does not fit; a single one
     * always fits. Returns a function that changes its size, for an answer in pages.
     */
    reserve(answer: Writable, { callerId, teamId }: AnswerReader, bytes: number): (bytes: number) => void {
      const isOver = (bytesBefore: number, limit: number) => bytesBefore > 0 && bytesBefore + bytes > limit;
      const caller = `caller ${callerId}`;
      const team = `team ${teamId}`;
      if (isOver(held.get(caller) ?? 0, limits.perCallerBytes))
        throw new Busy(true, "Too many large answers in progress: read your earlier ones first, then retry.");
      if (teamId !== undefined && isOver(held.get(team) ?? 0, limits.perTeamBytes))
        throw new Busy(true, "Too many large answers to your team in progress: try again.");
      if (isOver(totalBytes, limits.totalBytes))
        throw new Busy(false, "Too many large answers in progress: try again.");
      const keys = teamId === undefined ? [caller] : [caller, team];
      let size = 0;
      let hasEnded = false;
      const resize = (to: number) => {
        if (hasEnded) return;
        add(keys, to - size);
        size = to;
      };
      resize(bytes);
      const end = () => {
        resize(0);
        hasEnded = true;
      };
      // The client may have disconnected already.
      if (answer.destroyed) end();
      else answer.once("close", end);
      return resize;
    },
  };
}
