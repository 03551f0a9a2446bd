import type { PasswordChanges, PreparedRuns } from "@/automate/checks/run";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import type { CheckCode } from "@/lib/connectors/check-protocol";
import type { ServerHas } from "@/lib/password-rotations/schema";

/** The parts of automate that a rotation uses. Aborting `signal` ends its checks; another copy continues. */
export type RotationDeps = {
  keys: FabricKeys;
  runPrepared: PreparedRuns;
  changePassword: PasswordChanges;
  signal: AbortSignal;
  /** Makes the background check connections soon whose secrets have a new value. */
  checkSoon?: (() => void) | undefined;
};

/** The result of an attempt to set the password, or to find out which one the server has. `code` is null on success. */
export type SetOutcome = { serverHas: ServerHas; code: CheckCode | null };
