"use server";

import { confirmTokenInput } from "@/lib/internal-api/bodies/pipeline-token";
import { action } from "@/lib/next/action";
import { confirmToken, createToken, revokeToken } from "@/lib/pipeline-tokens/mutations";
import { createTokenInput, revokeTokenInput } from "@/lib/pipeline-tokens/schema";

export const createTokenAction = action({
  permission: "token:write",
  input: createTokenInput,
  run: createToken,
});
export const confirmTokenAction = action({
  permission: "token:write",
  input: confirmTokenInput,
  run: confirmToken,
});
export const revokeTokenAction = action({
  permission: "token:write",
  input: revokeTokenInput,
  run: revokeToken,
});
