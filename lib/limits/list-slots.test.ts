import { expect, test, vi } from "vitest";
import { inListSlot } from "@/lib/limits/list-slots";

/** A list that runs until `end`. */
function slowList(caller: string) {
  let end: () => void = () => undefined;
  const work = vi.fn(() => new Promise<void>((done) => (end = done)));
  const result = inListSlot(caller, work);
  result.catch(() => undefined);
  return { work, result, end: () => end() };
}

const own = expect.objectContaining({ name: "Busy", isOwn: true });
const all = expect.objectContaining({ name: "Busy", isOwn: false });

test("slow lists of one person use their share, and those of all leave connections of the pool free", async () => {
  const lists = [...Array.from({ length: 20 }, () => "a"), ..."bbbbccccdddd"].map(slowList);
  await vi.waitFor(
    () => expect(lists.filter(({ work }) => work.mock.calls.length > 0)).toHaveLength(8),
    10_000,
  );
  const running = (from: number, to: number) =>
    lists.slice(from, to).filter(({ work }) => work.mock.calls.length > 0).length;
  expect([running(0, 20), running(20, 24), running(24, 28)]).toEqual([3, 3, 2]);
  for (const { work } of lists) if (work.mock.calls.length === 0) work.mockResolvedValue(undefined);
  for (const { end } of lists) end();
  await Promise.all(lists.map(({ result }) => result));
});

test("a list is refused when no slot is free in time: for its person's other lists, or for all", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const running = [..."aaabbbcc"].map(slowList);
    const late = ["a", "d"].map(slowList);
    await Promise.resolve();
    vi.advanceTimersByTime(10_000);
    await expect(late[0]?.result).rejects.toEqual(own);
    await expect(late[1]?.result).rejects.toEqual(all);
    for (const { end } of running) end();
    await Promise.all(running.map(({ result }) => result));
  } finally {
    vi.useRealTimers();
  }
});

test("a failed list releases its slot", async () => {
  for (let i = 0; i < 20; i += 1)
    await expect(inListSlot("a", () => Promise.reject(new Error("gone")))).rejects.toThrow("gone");
  expect(await inListSlot("a", async () => "served")).toBe("served");
});

test("too many lists of a person are refused, but no later page of an answer that has begun", async () => {
  const lists = Array.from({ length: 100 }, () => slowList("a"));
  await expect(inListSlot("a", async () => "none")).rejects.toEqual(own);
  const later = inListSlot("a", async () => "later", { isLater: true });
  expect(await inListSlot("b", async () => "served")).toBe("served");
  for (const { work } of lists) if (work.mock.calls.length === 0) work.mockResolvedValue(undefined);
  for (const { end } of lists) end();
  await Promise.all(lists.map(({ result }) => result));
  expect(await later).toBe("later");
});

test("too many lists of all are refused, but no later page of an answer that has begun", async () => {
  const lists = [..."abcd"].flatMap((caller) => Array.from({ length: 100 }, () => slowList(caller)));
  await expect(inListSlot("e", async () => "none")).rejects.toEqual(all);
  const later = inListSlot("a", async () => "later", { isLater: true });
  for (const { work } of lists) if (work.mock.calls.length === 0) work.mockResolvedValue(undefined);
  for (const { end } of lists) end();
  await Promise.all(lists.map(({ result }) => result));
  expect(await later).toBe("later");
});

test("later pages of one caller keep their slots for a while, while another caller's page is read at once", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  try {
    const started: string[] = [];
    const page = (caller: string) =>
      inListSlot(
        caller,
        async () => {
          started.push(caller);
          await new Promise((done) => setTimeout(done, 10));
        },
        { isLater: true },
      );
    const pages = [..."pppp"].map(page);
    await vi.advanceTimersByTimeAsync(99);
    expect(started).toEqual(["p", "p", "p"]);
    pages.push(page("q"));
    await vi.advanceTimersByTimeAsync(0);
    expect(started).toEqual(["p", "p", "p", "q"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(started).toEqual(["p", "p", "p", "q", "p"]);
    await vi.runAllTimersAsync();
    await Promise.all(pages);
  } finally {
    vi.useRealTimers();
  }
});
