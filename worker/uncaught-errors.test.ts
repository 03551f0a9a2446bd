import { afterEach, beforeEach, expect, it } from "vitest";
import { watchUncaughtErrors } from "@/worker/uncaught-errors";

// The test runner's listeners would treat these errors as its own.
const events = ["uncaughtException", "unhandledRejection"];
const runners = new Map(events.map((event) => [event, process.listeners(event as NodeJS.Signals)]));
const reset = (isTest: boolean) => {
  const { on } = process as NodeJS.EventEmitter;
  for (const [event, listeners] of runners) {
    process.removeAllListeners(event);
    if (!isTest) for (const listener of listeners) on.call(process, event, listener);
  }
};
beforeEach(() => reset(true));
afterEach(() => reset(false));

it.each([
  ["an exception", () => void setTimeout(() => throwIt(), 10)],
  ["a rejection", () => void setTimeout(() => void Promise.reject(new Error("late")), 10)],
])("%s that no code catches ends the check", async (_what, goWrong) => {
  const { first } = watchUncaughtErrors();
  goWrong();
  await expect(first).rejects.toThrow("late");
});

function throwIt(): never {
  throw new Error("late");
}
