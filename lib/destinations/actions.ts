"use server";

import { askForApproval, decideRequest, setDestinationRule } from "@/lib/destinations/mutations";
import { askForApprovalInput, decideRequestInput, setRuleInput } from "@/lib/destinations/schema";
import { action } from "@/lib/server/action";

export const askForApprovalAction = action({
  permission: "connection:check",
  input: askForApprovalInput,
  run: askForApproval,
});

export const decideRequestAction = action({
  permission: "destination:write",
  input: decideRequestInput,
  run: decideRequest,
});

export const setDestinationRuleAction = action({
  permission: "destination:write",
  input: setRuleInput,
  run: setDestinationRule,
});
