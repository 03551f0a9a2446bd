import type { CheckCode } from "@/lib/connectors/check-protocol";
import type { Alphabet, RotationMethod, RotationProblem } from "@/lib/internal-api/bodies/password-rotation";

export type {
  Alphabet,
  RotationInput,
  RotationMethod,
  RotationProblem,
} from "@/lib/internal-api/bodies/password-rotation";
export {
  alphabetSchema,
  alphabets,
  passwordLengths,
  rotationInput,
  rotationMethods,
  rotationOfInput,
  rotationProblems,
} from "@/lib/internal-api/bodies/password-rotation";

/** setting: the server may have either password. set: it has the new one. promoted: the new one is current. */
export const passwordRunStates = ["setting", "set", "promoted", "done", "failed"] as const;
export type PasswordRunState = (typeof passwordRunStates)[number];

/** The password that the server has, of the user that a run is about. */
export const serverStates = ["former", "new", "unknown"] as const;
export type ServerHas = (typeof serverStates)[number];

/** One run, for the secret's page. */
export type RunSummary = {
  id: string;
  state: PasswordRunState;
  serverHas: ServerHas;
  code: CheckCode | null;
  refusedBy: string[];
  version: number | null;
  user: string;
  startedAt: Date;
  startedByName: string;
  endedAt: Date | null;
  /** For how long pipelines had a password that the server did not have, in milliseconds. */
  gapMs: number | null;
  /** True for a key pair instead of a password. */
  isKey: boolean;
  /** Of a pair: the administrator's secret that signed in, if it is certain. */
  signedInBy: string | null;
};

/** The time after a rotation in which the former password or key must keep working. */
export type Overlap = {
  method: RotationMethod;
  /** The user who keeps their former password, if it is known. */
  user: string | null;
  until: Date;
};

/** The rotation of a secret, for its page. */
export type RotationDetail = {
  settings: {
    connectionId: string;
    /** Null when the connection is gone or no longer uses the secret. */
    connectionName: string | null;
    method: RotationMethod;
    administratorId: string | null;
    administratorName: string | null;
    users: string[];
    length: number;
    alphabet: Alphabet;
    everyDays: number | null;
    windowStart: number | null;
    windowMinutes: number | null;
    overlapMinutes: number;
    /** Null when another rotation may begin now. */
    overlap: Overlap | null;
    dueAt: Date | null;
    problem: RotationProblem | null;
    setByName: string;
    setAt: Date;
  } | null;
  /** The newest first. */
  runs: RunSummary[];
  /** The connections at whose servers Selvage can set this password. */
  connections: { id: string; name: string; methods: readonly RotationMethod[]; rights: string }[];
};
