"use server";

import { createConnection, deleteConnection, updateConnection } from "@/lib/connections/mutations";
import { connectionIdInput, createConnectionInput, updateConnectionInput } from "@/lib/connections/schema";
import { action } from "@/lib/next/action";
import { ok } from "@/lib/result";

export const createConnectionAction = action({
  permission: "connection:write",
  input: createConnectionInput,
  run: (scope, input, idempotent) => createConnection(scope, input, { idempotent }),
  replay: async (_scope, id) => ok({ id }),
});
export const updateConnectionAction = action({
  permission: "connection:write",
  input: updateConnectionInput,
  run: (scope, input, idempotent) => updateConnection(scope, input, { idempotent }),
  replay: async (_scope, id) => ok({ id }),
});
export const deleteConnectionAction = action({
  permission: "connection:write",
  input: connectionIdInput,
  run: deleteConnection,
});
