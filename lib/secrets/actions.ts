"use server";

import { action } from "@/lib/next/action";
import { ok } from "@/lib/result";
import { setSecretExpiry, setSecretOwner } from "@/lib/secrets/expiry-and-owner";
import { createSecret, deleteSecret, dropSecretName } from "@/lib/secrets/mutations";
import {
  createSecretInput,
  describeSecretInput,
  dropNameInput,
  renameSecretInput,
  replaceSecretInput,
  secretIdInput,
  setSecretExpiryInput,
  setSecretOwnerInput,
} from "@/lib/secrets/schema";
import { describeSecret, renameSecret, replaceSecret, replayedResult } from "@/lib/secrets/update";

export const createSecretAction = action({
  permission: "secret:write",
  input: createSecretInput,
  run: createSecret,
  replay: async (_scope, id, { name, subKind }) => ok({ id, name, subKind }),
});
export const replaceSecretAction = action({
  permission: "secret:write",
  input: replaceSecretInput,
  run: replaceSecret,
  replay: replayedResult,
});
export const renameSecretAction = action({
  permission: "secret:write",
  input: renameSecretInput,
  run: renameSecret,
});
export const describeSecretAction = action({
  permission: "secret:write",
  input: describeSecretInput,
  run: describeSecret,
});
export const setSecretExpiryAction = action({
  permission: "secret:write",
  input: setSecretExpiryInput,
  run: setSecretExpiry,
});
export const setSecretOwnerAction = action({
  permission: "secret:write",
  input: setSecretOwnerInput,
  run: setSecretOwner,
});
export const deleteSecretAction = action({
  permission: "secret:delete:own",
  input: secretIdInput,
  run: deleteSecret,
});
export const dropSecretNameAction = action({
  permission: "secret:name:drop",
  input: dropNameInput,
  run: dropSecretName,
});
