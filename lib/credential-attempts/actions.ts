"use server";

import { resetAttempts } from "@/lib/credential-attempts/mutations";
import { resetAttemptsInput } from "@/lib/credential-attempts/schema";
import { action } from "@/lib/next/action";

export const resetAttemptsAction = action({
  permission: "credential-attempt:reset",
  input: resetAttemptsInput,
  run: resetAttempts,
});
