import type { MasterKey } from "@/lib/kms/define";

/** How a service answers. Not every service knows all of these. */
export type Situation =
  | "works"
  | "disabled"
  | "scheduled for deletion"
  | "denied"
  | "wrong credentials"
  | "missing"
  | "throttled"
  | "failing"
  | "hanging"
  | "a page of a proxy"
  | "an empty answer"
  | "a key of 31 bytes"
  | "the name of another key"
  | "an answer without an end"
  | "a compressed answer without an end";

/** A key service on loopback, with two keys of one kind. */
export type KeyService = {
  open(): Promise<MasterKey>;
  openOther(): Promise<MasterKey>;
  be(situation: Situation): void | Promise<void>;
  /** Requests about the keys since the last call of `be`. */
  requests(): number;
  /** Mebibytes of an answer without an end that were sent since the last call of `be`, before compression. */
  sentMebibytes?: () => number;
  close(): Promise<void>;
};

/** A secret of the caller, which no error may contain. */
export const canaryCredential = "canary-credential-of-automate";
