"use server";

import { createAccessToken, revokeAccessToken, revokeMemberAccessToken } from "@/lib/access-tokens/mutations";
import { createAccessTokenInput, revokeAccessTokenInput } from "@/lib/access-tokens/schema";
import { ownAction, teamAction } from "@/lib/next/action";

export const createAccessTokenAction = ownAction({ input: createAccessTokenInput, run: createAccessToken });
export const revokeAccessTokenAction = ownAction({ input: revokeAccessTokenInput, run: revokeAccessToken });
export const revokeMemberAccessTokenAction = teamAction({
  permission: "access:revoke",
  input: revokeAccessTokenInput,
  run: revokeMemberAccessToken,
});
