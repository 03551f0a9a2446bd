"use server";

import { createConnection, deleteConnection, updateConnection } from "@/lib/connections/mutations";
import { connectionIdInput, createConnectionInput, updateConnectionInput } from "@/lib/connections/schema";
import { action } from "@/lib/server/action";

export const createConnectionAction = action({
  permission: "connection:write",
  input: createConnectionInput,
  run: createConnection,
});
export const updateConnectionAction = action({
  permission: "connection:write",
  input: updateConnectionInput,
  run: updateConnection,
});
export const deleteConnectionAction = action({
  permission: "connection:write",
  input: connectionIdInput,
  run: deleteConnection,
});
