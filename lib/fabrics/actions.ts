"use server";

import { createFabric, setFormerVersions, updateFabric } from "@/lib/fabrics/mutations";
import { createFabricInput, updateFabricInput } from "@/lib/fabrics/schema";
import { setFormerVersionsInput } from "@/lib/internal-api/bodies/former-versions";
import { action, teamAction } from "@/lib/next/action";
import { ok } from "@/lib/result";

export const createFabricAction = teamAction({
  permission: "fabric:write",
  input: createFabricInput,
  run: (scope, input, idempotent) => createFabric(scope, input, { idempotent }),
  replay: async (_scope, id) => ok({ id }),
});
export const updateFabricAction = action({
  permission: "fabric:write",
  input: updateFabricInput,
  run: (scope, input) => updateFabric(scope, input),
});
export const setFormerVersionsAction = action({
  permission: "version:write",
  input: setFormerVersionsInput,
  run: setFormerVersions,
});
