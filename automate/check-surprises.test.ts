import { afterEach, beforeEach, expect, it } from "vitest";
import { awaitSurprises } from "@/automate/check-surprises";
import { openPassage } from "@/automate/egress-passage";

// The listeners of the test runner would take these surprises for its own.
const events = ["uncaughtException", "unhandledRejection"];
const runners = new Map(events.map((event) => [event, process.listeners(event as NodeJS.Signals)]));
beforeEach(() => {
  for (const event of events) process.removeAllListeners(event);
});
afterEach(() => {
  const { on } = process as NodeJS.EventEmitter;
  for (const [event, listeners] of runners)
    for (const listener of listeners) on.call(process, event, listener);
});

const begin = () => {
  const passage = openPassage({
    destinations: [],
    egressAllow: [],
    onProgress: () => {},
    onFailure: () => {},
  });
  return { passage, surprises: awaitSurprises(passage) };
};
const soon = () => new Promise((resolve) => setTimeout(resolve, 30));

it.each([
  ["an exception", () => void setTimeout(() => throwIt(), 10)],
  ["a rejection", () => void setTimeout(() => void Promise.reject(new Error("late")), 10)],
])("%s that nobody catches ends the check that it belongs to, and no other", async (_what, goWrong) => {
  const first = begin();
  first.passage.run(goWrong);
  await expect(first.surprises.first).rejects.toThrow("late");
  expect(first.surprises.end()).toBe(false);

  const over = begin();
  over.passage.run(goWrong);
  await over.passage.end();
  expect(over.surprises.end()).toBe(true);
  const next = begin();
  const outcome = await next.passage.run(() =>
    Promise.race([soon().then(() => "passed"), next.surprises.first]),
  );
  expect(outcome).toBe("passed");
  // It is not kept: who knows what else the earlier one left.
  expect(next.surprises.end()).toBe(false);
});

function throwIt(): never {
  throw new Error("late");
}
