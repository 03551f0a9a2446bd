"use server";

import { decideReview } from "@/lib/account-review/mutations";
import { decideReviewInput } from "@/lib/account-review/schema";
import { ownAction } from "@/lib/next/action";

export const decideReviewAction = ownAction({ input: decideReviewInput, run: decideReview });
