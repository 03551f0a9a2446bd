"use server";

import { confirmIssuer, createIssuer, removeIssuer } from "@/lib/issuers/mutations";
import { confirmIssuerInput, createIssuerInput, removeIssuerInput } from "@/lib/issuers/schema";
import { action } from "@/lib/server/action";

export const createIssuerAction = action({
  permission: "token:write",
  input: createIssuerInput,
  run: createIssuer,
});
export const confirmIssuerAction = action({
  permission: "token:write",
  input: confirmIssuerInput,
  run: confirmIssuer,
});
export const removeIssuerAction = action({
  permission: "token:write",
  input: removeIssuerInput,
  run: removeIssuer,
});
