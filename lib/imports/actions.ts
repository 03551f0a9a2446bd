"use server";

import { importRows, replayedImport } from "@/lib/imports/mutations";
import { dryRunImport } from "@/lib/imports/problems";
import { dryRunInput, importInput } from "@/lib/imports/schema";
import { action } from "@/lib/next/action";
import { ok } from "@/lib/result";

export const dryRunImportAction = action({
  permission: "secret:write",
  input: dryRunInput,
  run: dryRunImport,
});
export const importAction = action({
  permission: "secret:write",
  input: importInput,
  run: importRows,
  replay: async (_scope, stored) => ok(replayedImport(stored)),
});
