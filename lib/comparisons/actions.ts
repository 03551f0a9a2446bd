"use server";

import { compareFabrics } from "@/lib/comparisons/queries";
import { comparisonInput } from "@/lib/comparisons/schema";
import { action } from "@/lib/next/action";
import { ok } from "@/lib/result";

export const compareFabricsAction = action({
  permission: "secret:list",
  input: comparisonInput,
  run: async (scope, input) => ok(await compareFabrics(scope, input)),
});
