"use server";

import { action } from "@/lib/next/action";
import { removeRotation, setRotation, startRotation } from "@/lib/password-rotations/mutations";
import { rotationInput, rotationOfInput } from "@/lib/password-rotations/schema";

export const setPasswordRotationAction = action({
  permission: "rotation:write",
  input: rotationInput,
  run: setRotation,
});
export const removePasswordRotationAction = action({
  permission: "rotation:run",
  input: rotationOfInput,
  run: removeRotation,
});
export const rotatePasswordAction = action({
  permission: "rotation:run",
  input: rotationOfInput,
  run: startRotation,
});
