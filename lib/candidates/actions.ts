"use server";

import {
  allowForCandidate,
  askForCandidate,
  createCandidate,
  discardCandidate,
  promoteCandidate,
  undoReplacement,
} from "@/lib/candidates/mutations";
import {
  allowCandidateInput,
  askForCandidateInput,
  discardInput,
  promoteInput,
  undoInput,
} from "@/lib/candidates/schema";
import { action } from "@/lib/next/action";
import { ok } from "@/lib/result";
import { replaceSecretInput } from "@/lib/secrets/schema";

export const createCandidateAction = action({
  permission: "secret:write",
  input: replaceSecretInput,
  run: createCandidate,
  replay: async (_scope, candidate) => ok({ candidate: Number(candidate) }),
});
export const promoteCandidateAction = action({
  permission: "secret:write",
  input: promoteInput,
  run: promoteCandidate,
});
export const discardCandidateAction = action({
  permission: "secret:write",
  input: discardInput,
  run: discardCandidate,
});
export const undoReplacementAction = action({
  permission: "secret:write",
  input: undoInput,
  run: undoReplacement,
});
export const allowForCandidateAction = action({
  permission: "destination:write",
  input: allowCandidateInput,
  run: allowForCandidate,
});
export const askForCandidateAction = action({
  permission: "connection:check",
  input: askForCandidateInput,
  run: askForCandidate,
});
