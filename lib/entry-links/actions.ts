"use server";

import { enterValue, showEntry } from "@/lib/entry-links/enter";
import { createEntryLink, revokeEntryLink } from "@/lib/entry-links/mutations";
import {
  createEntryLinkInput,
  enterValueInput,
  revokeEntryLinkInput,
  showEntryInput,
} from "@/lib/entry-links/schema";
import { action } from "@/lib/next/action";
import { publicAction } from "@/lib/next/public-action";

export const createEntryLinkAction = action({
  permission: "entry-link:write",
  input: createEntryLinkInput,
  run: createEntryLink,
});
export const revokeEntryLinkAction = action({
  permission: "entry-link:write",
  input: revokeEntryLinkInput,
  run: revokeEntryLink,
});
export const showEntryAction = publicAction({ input: showEntryInput, run: showEntry });
export const enterValueAction = publicAction({ input: enterValueInput, run: enterValue });
