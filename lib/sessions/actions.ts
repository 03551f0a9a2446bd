"use server";

import { ownAction } from "@/lib/server/action";
import { confirmCurrentSession } from "@/lib/server/confirm-session";
import { reauthenticateInput } from "@/lib/sessions/schema";

export const reauthenticateAction = ownAction({ input: reauthenticateInput, run: confirmCurrentSession });
