"use server";

import { action } from "@/lib/next/action";
import { promoteConnections } from "@/lib/promotions/mutations";
import { planPromotion } from "@/lib/promotions/plan";
import { planInput, promoteInput } from "@/lib/promotions/schema";

export const planPromotionAction = action({
  permission: "connection:list",
  input: planInput,
  run: planPromotion,
});
export const promoteAction = action({
  permission: "connection:write",
  input: promoteInput,
  run: promoteConnections,
});
