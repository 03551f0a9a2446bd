import type { Slot } from "@/lib/limits/slots";

/** A request for a slot: the fabric, the person, and the keys of the sign-ins, whose concurrency is limited. */
export type SlotRequest = { fabricId: string; actorId: string; keys: readonly string[] };

export type CheckLimits = {
  readonly max?: number;
  readonly perFabric?: number;
  readonly perActor?: number;
  readonly perKey?: number;
  /** How many requests of one fabric may wait. The scheduler refuses further ones. */
  readonly maxWaiting?: number;
};

type Waiter = SlotRequest & { position: number; notify: (position: number) => void; start: () => void };

/**
 * Schedules checks fairly. A free slot goes to the fabric with the fewest running checks, then to the one
 * whose last slot is oldest. The same rule picks the person in that fabric; ties go to the earliest request.
 * One person with many checks cannot block the others.
 *
 * Not built on `createSlots`: a slot there counts for one key. A check counts for its fabric, its person and each of
 * its sign-ins at once, and its caller sees how many are ahead.
 */
export function createScheduler({
  max = 8,
  perFabric = 4,
  perActor = 3,
  perKey = 2,
  maxWaiting = 128,
}: CheckLimits = {}) {
  const running = new Set<SlotRequest>();
  const waiting = new Set<Waiter>();
  const count = (predicate: (request: SlotRequest) => boolean) => [...running].filter(predicate).length;
  const ofFabric = ({ fabricId }: SlotRequest) => count((other) => other.fabricId === fabricId);
  const ofActor = ({ actorId }: SlotRequest) => count((other) => other.actorId === actorId);

  const fits = (request: SlotRequest) =>
    running.size < max &&
    ofFabric(request) < perFabric &&
    ofActor(request) < perActor &&
    request.keys.every((key) => count(({ keys }) => keys.includes(key)) < perKey);

  /** The number of the last slot of a fabric or a person. */
  const lastSlotOf = new Map<string, number>();
  let slotCount = 0;
  const lastSlot = (id: string) => lastSlotOf.get(id) ?? 0;

  /** The sort is stable, so equal requests stay in order of arrival. */
  const next = () =>
    [...waiting]
      .filter(fits)
      .sort(
        (a, b) =>
          ofFabric(a) - ofFabric(b) ||
          lastSlot(a.fabricId) - lastSlot(b.fabricId) ||
          ofActor(a) - ofActor(b) ||
          lastSlot(a.actorId) - lastSlot(b.actorId),
      )[0];

  const assignSlots = () => {
    for (let waiter = next(); waiter !== undefined; waiter = next()) {
      waiting.delete(waiter);
      waiter.start();
    }
    const passed = new Map<string, number>();
    for (const waiter of waiting) {
      const position = passed.get(waiter.fabricId) ?? 0;
      passed.set(waiter.fabricId, position + 1);
      if (waiter.position === position) continue;
      waiter.position = position;
      waiter.notify(position);
    }
  };

  const begin = ({ fabricId, actorId, keys }: SlotRequest): Slot => {
    const own = { fabricId, actorId, keys };
    running.add(own);
    slotCount += 1;
    lastSlotOf.set(fabricId, slotCount).set(actorId, slotCount);
    return {
      release() {
        if (running.delete(own)) assignSlots();
        // Nothing runs or waits, so the order of past slots no longer matters.
        if (running.size === 0) lastSlotOf.clear();
      },
    };
  };

  return {
    /** Returns null when no slot was free before `stop`, or when too many requests of the fabric wait. */
    acquire(
      request: SlotRequest,
      notify: (position: number) => void,
      stop: AbortSignal,
    ): Promise<Slot | null> {
      const waitingBefore = [...waiting].filter(({ fabricId }) => fabricId === request.fabricId).length;
      if (stop.aborted || waitingBefore >= maxWaiting) return Promise.resolve(null);
      return new Promise((resolve) => {
        const leave = () => {
          waiting.delete(waiter);
          assignSlots();
          resolve(null);
        };
        const waiter: Waiter = {
          ...request,
          position: -1,
          notify,
          start: () => {
            stop.removeEventListener("abort", leave);
            resolve(begin(request));
          },
        };
        waiting.add(waiter);
        stop.addEventListener("abort", leave, { once: true });
        assignSlots();
      });
    },
  };
}
