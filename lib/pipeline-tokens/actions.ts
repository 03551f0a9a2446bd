"use server";

import { confirmPipelineTokenInput } from "@/lib/internal-api/bodies/pipeline-token";
import { action } from "@/lib/next/action";
import { confirmToken, createToken, revokeToken, setTokenOwner } from "@/lib/pipeline-tokens/mutations";
import {
  createPipelineTokenInput,
  revokePipelineTokenInput,
  setTokenOwnerInput,
} from "@/lib/pipeline-tokens/schema";

export const createPipelineTokenAction = action({
  permission: "token:write",
  input: createPipelineTokenInput,
  run: createToken,
});
export const confirmPipelineTokenAction = action({
  permission: "token:write",
  input: confirmPipelineTokenInput,
  run: confirmToken,
});
export const revokePipelineTokenAction = action({
  permission: "token:write",
  input: revokePipelineTokenInput,
  run: revokeToken,
});
export const setTokenOwnerAction = action({
  permission: "token:write",
  input: setTokenOwnerInput,
  run: setTokenOwner,
});
