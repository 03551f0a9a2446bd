import type { PasswordChanges, PreparedRuns } from "@/automate/checks/run";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import type { CheckCode } from "@/lib/connectors/check-protocol";
import type { ServerHas } from "@/lib/rotations/schema";

/** The parts of automate that a rotation uses. Aborting `signal` ends its checks; another copy continues. */
export type Deps = {
  keys: FabricKeys;
  runPrepared: PreparedRuns;
  changePassword: PasswordChanges;
  signal: AbortSignal;
  /** Lets the background check connections that another value concerns. */
  checkSoon?: (() => void) | undefined;
};

/** The knowledge after an attempt to set the password, or to find out which one the server has. */
export type Attempt = { serverHas: ServerHas; code: CheckCode | null };
