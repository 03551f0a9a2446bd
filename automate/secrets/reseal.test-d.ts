import type { reseal, resealForCopies } from "@/automate/secrets/reseal";
import type { Plaintext } from "@/lib/crypto/plaintext";

// Checked by the compiler alone: no opened value leaves these functions, only positions and ciphertext.

type Resealed = Awaited<ReturnType<typeof reseal>>[number];
type Expected = {
  secretId: string;
  field: string;
  version: number;
  formerSealed: string;
  sealed: string | null;
};

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const isExpected: Same<Resealed, Expected> = true;
void isExpected;

type Opened = Extract<Resealed[keyof Resealed], Plaintext | Uint8Array>;
const opened: Same<Opened, never> = true;
void opened;

type Copy = Awaited<ReturnType<typeof resealForCopies>>[number];
const isCopy: Same<Copy, { kid: string; sealed: string | null }> = true;
void isCopy;
