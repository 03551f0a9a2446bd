"use server";

import { createAccessToken, revokeAccessToken } from "@/lib/access-tokens/mutations";
import { createAccessTokenInput, revokeAccessTokenInput } from "@/lib/access-tokens/schema";
import { ownAction } from "@/lib/server/action";

export const createAccessTokenAction = ownAction({ input: createAccessTokenInput, run: createAccessToken });
export const revokeAccessTokenAction = ownAction({ input: revokeAccessTokenInput, run: revokeAccessToken });
