"use server";

import { createFabric, setFormerVersions, updateFabric } from "@/lib/fabrics/mutations";
import { createFabricInput, setFormerVersionsInput, updateFabricInput } from "@/lib/fabrics/schema";
import { action, teamAction } from "@/lib/server/action";

export const createFabricAction = teamAction({
  permission: "fabric:write",
  input: createFabricInput,
  run: createFabric,
});
export const updateFabricAction = action({
  permission: "fabric:write",
  input: updateFabricInput,
  run: updateFabric,
});
export const setFormerVersionsAction = action({
  permission: "token:write",
  input: setFormerVersionsInput,
  run: setFormerVersions,
});
