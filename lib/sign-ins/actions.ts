"use server";

import { action } from "@/lib/server/action";
import { resetSignIns } from "@/lib/sign-ins/mutations";
import { resetSignInsInput } from "@/lib/sign-ins/schema";

export const resetSignInsAction = action({
  permission: "destination:write",
  input: resetSignInsInput,
  run: resetSignIns,
});
