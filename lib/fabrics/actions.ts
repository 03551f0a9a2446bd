"use server";

import * as z from "zod";
import {
  createFabric,
  deleteFabric,
  restoreFabric,
  setFormerVersions,
  updateFabric,
} from "@/lib/fabrics/mutations";
import { createFabricInput, restoreFabricInput, updateFabricInput } from "@/lib/fabrics/schema";
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
export const deleteFabricAction = action({
  permission: "fabric:delete",
  input: z.object({}),
  run: (scope) => deleteFabric(scope),
});
export const restoreFabricAction = action({
  permission: "fabric:restore",
  input: restoreFabricInput,
  run: restoreFabric,
});
export const setFormerVersionsAction = action({
  permission: "version:write",
  input: setFormerVersionsInput,
  run: setFormerVersions,
});
