import type { Passage } from "@/automate/egress-passage";

export type Surprises = {
  /** Rejects with the first surprise of the check. */
  readonly first: Promise<never>;
  fail(error: Error): void;
  /** Stops listening; says whether there was none, of whichever check. */
  end(): boolean;
};

/**
 * What is thrown where nobody can catch it, as drivers do in the handler of a socket's data. It ends the check that it
 * belongs to: what an earlier one left behind is no finding of this one.
 */
export function awaitSurprises(passage: Passage): Surprises {
  let isQuiet = true;
  let fail = (_error: unknown) => {};
  const first = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  // It may come when the check has passed already.
  first.catch(() => {});
  const onSurprise = (error: unknown) => {
    isQuiet = false;
    if (passage.isHere) fail(error);
  };
  process.on("uncaughtException", onSurprise);
  process.on("unhandledRejection", onSurprise);
  return {
    first,
    fail: (error) => fail(error),
    end() {
      process.off("uncaughtException", onSurprise);
      process.off("unhandledRejection", onSurprise);
      return isQuiet;
    },
  };
}
