"use server";

import {
  allowTokenServer,
  askForApproval,
  decideRequest,
  keepDestination,
  removeDestination,
  setDestinationRule,
} from "@/lib/destinations/mutations";
import {
  allowTokenServerInput,
  askForApprovalInput,
  decideRequestInput,
  destinationIdInput,
  setRuleInput,
} from "@/lib/destinations/schema";
import { action } from "@/lib/next/action";

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

export const keepDestinationAction = action({
  permission: "destination:write",
  input: destinationIdInput,
  run: keepDestination,
});

export const removeDestinationAction = action({
  permission: "destination:write",
  input: destinationIdInput,
  run: removeDestination,
});

export const allowTokenServerAction = action({
  permission: "destination:write",
  input: allowTokenServerInput,
  run: allowTokenServer,
});
