"use server";

import { resetSignIns } from "@/lib/credential-attempts/mutations";
import { resetSignInsInput } from "@/lib/credential-attempts/schema";
import { action } from "@/lib/next/action";

export const resetSignInsAction = action({
  permission: "credential-attempt:reset",
  input: resetSignInsInput,
  run: resetSignIns,
});
