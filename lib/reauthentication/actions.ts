"use server";

import { ownAction } from "@/lib/next/action";
import { confirmCurrentSession } from "@/lib/next/auth/confirm-session";
import { reauthenticateInput } from "@/lib/sessions/schema";

export const reauthenticateAction = ownAction({ input: reauthenticateInput, run: confirmCurrentSession });
