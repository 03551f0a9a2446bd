"use server";

import { confirmIssuerInput } from "@/lib/internal-api/bodies/trusted-issuer";
import { action } from "@/lib/next/action";
import { confirmIssuer, createIssuer, removeIssuer } from "@/lib/trusted-issuers/mutations";
import { createIssuerInput, removeIssuerInput } from "@/lib/trusted-issuers/schema";

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
