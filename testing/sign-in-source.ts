import { randomUUID } from "node:crypto";
import type { SignInSource } from "@/lib/sessions/sign-in-delay";

/** A sign-in from a network that nobody else in the test uses. */
export function aSource(accountKey: string = randomUUID(), network = "203.0.113.0/24"): SignInSource {
  return { network, accountKey, networkKey: randomUUID(), networkBudget: 100 };
}
