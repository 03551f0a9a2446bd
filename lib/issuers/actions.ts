"use server";

import { createIssuer, removeIssuer } from "@/lib/issuers/mutations";
import { createIssuerInput, removeIssuerInput } from "@/lib/issuers/schema";
import { action } from "@/lib/server/action";

export const createIssuerAction = action({
  permission: "token:write",
  input: createIssuerInput,
  run: createIssuer,
});
export const removeIssuerAction = action({
  permission: "token:write",
  input: removeIssuerInput,
  run: removeIssuer,
});
