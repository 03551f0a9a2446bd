"use server";

import * as z from "zod";
import { action, ownAction } from "@/lib/next/action";
import { confirmAddress, endSnooze, requestAddressCode, snooze } from "@/lib/reminders/mutations";
import { confirmAddressInput, endSnoozeInput, snoozeInput } from "@/lib/reminders/schema";

export const snoozeAction = action({ permission: "reminder:snooze", input: snoozeInput, run: snooze });
export const endSnoozeAction = action({
  permission: "reminder:snooze",
  input: endSnoozeInput,
  run: endSnooze,
});
export const requestAddressCodeAction = ownAction({ input: z.object({}), run: requestAddressCode });
export const confirmAddressAction = ownAction({ input: confirmAddressInput, run: confirmAddress });
