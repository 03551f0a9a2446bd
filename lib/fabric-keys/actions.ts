"use server";

import * as z from "zod";
import { pauseRotation, resumeRotation, rotateFabricKey } from "@/lib/fabric-keys/mutations";
import { action } from "@/lib/next/action";

const nothing = z.object({});

export const rotateFabricKeyAction = action({
  permission: "fabric-key:write",
  input: nothing,
  run: rotateFabricKey,
});
export const pauseRotationAction = action({
  permission: "fabric-key:write",
  input: nothing,
  run: pauseRotation,
});
export const resumeRotationAction = action({
  permission: "fabric-key:write",
  input: nothing,
  run: resumeRotation,
});
