import { hash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Actor } from "@/lib/actor";
import { isOutage } from "@/lib/db/client";
import type { WebEnv } from "@/lib/env";
import { addressKey, createAddressLimit } from "@/lib/limits/address-limit";
import { createRateLimit } from "@/lib/limits/rate-limit";
import { acquireRequestSlot, type RequestSlot } from "@/lib/limits/request-slots";
import { createSlots } from "@/lib/limits/slots";
import { sessionIdOf } from "@/lib/next/auth/session-cookie";
import { findSessionActor } from "@/lib/sessions/queries";

/** Why a request is not served now, and in how many seconds to retry. */
export type NotAdmitted = { seconds: number; message: string };

/**
 * How many refused actions of one address get an action's usual answer in a minute. It costs as much as a short
 * page, so without a limit refusals would be a way around the limits.
 */
const refusalsInForms = 120;

type Admitted = { ok: true; slot: RequestSlot } | { ok: false; refused: NotAdmitted };
type Caller = Actor & { kind: "user" };

/** How long a copy of web remembers whose session a cookie is. This decides about rates only, never about rights. */
const sessionKnownMs = 60_000;
const maxSessions = 10_000;

/**
 * Keeps one person, one access token and one address from using up web: each has a rate a minute, and few
 * requests at once. Further requests wait in a short queue of their own (docs/decisions/0030-no-account-stops-the-others.md).
 */
export function createAdmission(env: WebEnv) {
  const people = createRateLimit({ perMinute: env.WEB_RATE_PER_MINUTE, table: "web_rate_window" });
  const tokens = createRateLimit({ perMinute: env.WEB_TOKEN_RATE_PER_MINUTE, table: "web_rate_window" });
  const addresses = createAddressLimit(env.WEB_ADDRESS_RATE_PER_MINUTE);
  const inForms = createAddressLimit(refusalsInForms);
  const slots = createSlots({ atOncePerKey: env.WEB_CONCURRENCY, waitingPerKey: 8 * env.WEB_CONCURRENCY });
  const sessions = new Map<string, { personId: string | null; until: number }>();

  async function personOf(cookie: string | undefined): Promise<string | null> {
    if (!cookie?.includes("next-auth.session-token=")) return null;
    const key = hash("sha256", cookie, "base64url");
    const cached = sessions.get(key);
    if (cached && cached.until > performance.now()) return cached.personId;
    const sessionId = await sessionIdOf(cookie);
    const personId = sessionId === null ? null : ((await findSessionActor(sessionId))?.id ?? null);
    if (sessions.size >= maxSessions) sessions.clear();
    sessions.set(key, { personId, until: performance.now() + sessionKnownMs });
    return personId;
  }

  /** While the database is unavailable, only the slots limit: the request's own failure says more. */
  async function unlessOutage<T>(asked: Promise<T>): Promise<T | null> {
    return asked.catch((error: unknown) => {
      if (isOutage(error)) return null;
      throw error;
    });
  }

  async function slotOf(key: string, response: ServerResponse): Promise<Admitted> {
    const slot = await acquireRequestSlot(slots, key, response);
    return slot ? { ok: true, slot } : { ok: false, refused: tooManyAtOnce };
  }

  async function takePerson(personId: string): Promise<NotAdmitted | null> {
    const seconds = await unlessOutage(people.take(`person ${personId}`));
    if (seconds === null) return null;
    return notAdmitted(seconds, `You have sent more than ${people.perMinute} requests in this minute.`);
  }

  return {
    /**
     * Admits a page, an action or a request of our pages: by the person of its session, or by its address. Its slot
     * is acquired once `receive` has read its body: a client that sends slowly must not hold up the others of its address.
     */
    async page(
      request: IncomingMessage,
      response: ServerResponse,
      address: string,
      receive: () => Promise<void> = async () => {},
    ): Promise<Admitted> {
      const { cookie } = request.headers;
      const personId = await unlessOutage(personOf(cookie));
      if (personId === null) {
        const counted = addresses.count(address, null);
        if (!counted.ok) return { ok: false, refused: tooManyOfAddress(counted.seconds) };
      }
      const refused = personId === null ? null : await takePerson(personId);
      if (refused) return { ok: false, refused };
      await receive();
      return slotOf(personId === null ? `address ${addressKey(address)}` : `screen ${personId}`, response);
    },

    /** True when a refused action of this address still gets its usual answer, so that its form keeps the input. */
    mayRefuseInForm: (address: string) => inForms.count(address, null).ok,

    /** Counts a request of the management API before its token is looked up. */
    count: (address: string, token: string) => addresses.count(address, token || null),

    /**
     * Admits a request of the management API, by its access token and its person. Scripts have a queue of their
     * own, so that they never hold up the person's screen.
     */
    async script({ id, accessToken }: Caller, response: ServerResponse): Promise<Admitted> {
      const seconds = await unlessOutage(tokens.take(`token ${accessToken?.id}`));
      if (seconds !== null) {
        const reason = `This access token has sent more than ${tokens.perMinute} requests in this minute.`;
        return { ok: false, refused: notAdmitted(seconds, reason) };
      }
      const refused = await takePerson(id);
      return refused ? { ok: false, refused } : slotOf(`script ${id}`, response);
    },
  };
}

export type Admission = ReturnType<typeof createAdmission>;

const tooManyAtOnce = notAdmitted(1, "Too many requests at once.");

/** The refusal for requests that nobody has signed in for. */
export function tooManyOfAddress(seconds: number): NotAdmitted {
  return notAdmitted(seconds, "Too many requests without a sign-in from this address in this minute.");
}

function notAdmitted(seconds: number, reason: string): NotAdmitted {
  return { seconds, message: `${reason} Try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.` };
}
