"use server";

import { restoreConnection } from "@/lib/connections/trash";
import { action } from "@/lib/next/action";
import { restoreSecret } from "@/lib/secrets/restore";
import { purgeFromTrash } from "@/lib/trash/mutations";
import { purgeInput, restoreConnectionInput, restoreSecretInput } from "@/lib/trash/schema";

export const restoreSecretAction = action({
  permission: "secret:restore:own",
  input: restoreSecretInput,
  run: restoreSecret,
});
export const restoreConnectionAction = action({
  permission: "connection:write",
  input: restoreConnectionInput,
  run: restoreConnection,
});
export const purgeFromTrashAction = action({
  permission: "trash:purge",
  input: purgeInput,
  run: purgeFromTrash,
});
