/** A key pair of a fabric. Dates are ISO texts, because pages refresh these by JSON. */
export type FabricKeySummary = {
  kid: string;
  /** The first 16 characters of the public key's JWK thumbprint (RFC 7638, SHA-256). */
  fingerprint: string;
  createdAt: string;
  /** Empty for a key from before this was stored. */
  createdByName: string;
  /** The label is empty when no copy of automate has the key. */
  masterKey: { label: string; fingerprint: string };
  /** How many stored values, former versions included, are sealed to it. */
  values: number;
  isNewest: boolean;
};

/** A stored value that a rotation could not open, and that is still under a former key. */
export type UnopenedValue = {
  secretId: string;
  secretName: string;
  subKind: string;
  field: string;
  version: number;
  isDeleted: boolean;
};

/** The last rotation of a fabric's key pair. */
export type RotationProgress = {
  id: string;
  state: "running" | "paused" | "done";
  done: number;
  total: number;
  /** How many values could not be opened. The list has at most 50 of them, and only those still stored. */
  unopened: number;
  unopenedValues: UnopenedValue[];
  startedAt: string;
  startedByName: string;
  endedAt: string | null;
  /** Null until a batch is stored. */
  perSecond: number | null;
  /** Why the last batch failed; "" when it did not. */
  lastError: string;
};

/** The keys of a fabric, newest first, and their last rotation. */
export type FabricKeysDetail = { keys: FabricKeySummary[]; rotation: RotationProgress | null };
