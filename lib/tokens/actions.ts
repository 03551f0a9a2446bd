"use server";

import { action } from "@/lib/server/action";
import { createToken, revokeToken } from "@/lib/tokens/mutations";
import { createTokenInput, revokeTokenInput } from "@/lib/tokens/schema";

export const createTokenAction = action({
  permission: "token:write",
  input: createTokenInput,
  run: createToken,
});
export const revokeTokenAction = action({
  permission: "token:write",
  input: revokeTokenInput,
  run: revokeToken,
});
