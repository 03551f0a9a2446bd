import type { BrowserContext } from "@playwright/test";
import { encode } from "next-auth/jwt";
import { v7 as uuidv7 } from "uuid";
import { stack } from "@/testing/stack-address";
import { insert, type Person } from "@/testing/tenant";

export const sessionCookie = "next-auth.session-token";

/** Creates a person's session row, and returns its cookie. `minutesAgo` is when they proved who they are. */
export async function startSession(person: Person, { minutesAgo = 0 } = {}): Promise<string> {
  const id = uuidv7();
  const authenticatedAt = new Date(Date.now() - minutesAgo * 60_000);
  await insert("session", { id, userId: person.id, authenticatedAt });
  return encode({ token: { sid: id }, secret: stack().webEnv.SESSION_SECRET ?? "" });
}

/** Signs the browser in as this person. Discards the cookies of its previous session. */
export async function signIn(
  context: BrowserContext,
  person: Person,
  options?: { minutesAgo?: number; at?: string },
): Promise<void> {
  await context.clearCookies();
  const value = await startSession(person, options);
  const url = options?.at ?? stack().webUrl;
  await context.addCookies([{ name: sessionCookie, value, url, httpOnly: true, sameSite: "Lax" }]);
}
