"use server";

import { acknowledgeAlarm } from "@/lib/alarms/mutations";
import { acknowledgeAlarmInput } from "@/lib/alarms/schema";
import { action } from "@/lib/next/action";

export const acknowledgeAlarmAction = action({
  permission: "alarm:acknowledge",
  input: acknowledgeAlarmInput,
  run: acknowledgeAlarm,
});
