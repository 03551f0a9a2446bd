import "server-only";
import { getServerSession } from "next-auth";
import { cache } from "react";
import type { Actor } from "@/lib/actor";
import { authOptions } from "@/lib/next/auth/auth-options";
import { findSessionActor } from "@/lib/sessions/queries";

/** A person in a session. */
export type SessionActor = Actor & { kind: "user" };

/** The id of the session that this request's cookie names; it may have ended since. */
export async function currentSessionId(): Promise<string | null> {
  const session = await getServerSession(authOptions());
  return session?.sessionId ?? null;
}

/**
 * The person of this request, or null when nobody is signed in. The session is read from the database each time, so
 * that a person who was locked or signed out is out at the next request; `cache` only joins the reads of one rendering.
 */
export const currentActor = cache(async (): Promise<SessionActor | null> => {
  const sessionId = await currentSessionId();
  return sessionId ? findSessionActor(sessionId) : null;
});
