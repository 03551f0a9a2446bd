import type { tryToOpen } from "@/automate/secrets/try-to-open";
import type { OpeningOutcome } from "@/lib/backups/schema";

// Checked by the compiler alone: of a value, a drill learns one of four words.

type Answer = Awaited<ReturnType<typeof tryToOpen>>;
type IsExactly<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const onlyOutcomes: IsExactly<Answer, OpeningOutcome[]> = true;
const onlyWords: IsExactly<OpeningOutcome, "opened" | "missing_key" | "key_unavailable" | "does_not_open"> =
  true;
void onlyOutcomes;
void onlyWords;
