/** The state of a master key, as automate last saw it. */
export type MasterKeyState = "enabled" | "disabled" | "denied" | "missing" | "unavailable";

/** A master key that keys of a fabric are wrapped by. The label is empty when no copy of automate has the key. */
export type MasterKeyStatus = {
  fingerprint: string;
  label: string;
  state: MasterKeyState;
  /** Null when no copy of automate has seen the key. */
  since: Date | null;
};

/** The master keys that a fabric may choose among. A null fingerprint is the primary of the installation. */
export type MasterKeyChoice = {
  chosen: string | null;
  options: { fingerprint: string; label: string; state: MasterKeyState }[];
};
