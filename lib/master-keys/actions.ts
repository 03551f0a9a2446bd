"use server";

import { chooseMasterKeyInput } from "@/lib/internal-api/bodies/master-key";
import { chooseMasterKey } from "@/lib/master-keys/mutations";
import { action } from "@/lib/next/action";

export const chooseMasterKeyAction = action({
  permission: "fabric-key:write",
  input: chooseMasterKeyInput,
  run: chooseMasterKey,
});
