import { Refusal } from "@/automate/http/error";
import type { Actor } from "@/lib/actor";
import { db, type Tx } from "@/lib/db/client";
import { holdAccess } from "@/lib/users/end-access";

/**
 * Runs `work` in a transaction. Whoever ends the person's access waits for it, and so finds what it stores. Throws `Refusal` 401
 * when the access ended since the request was verified. What Selvage does by itself has no person.
 */
export async function actFor<T>(actor: Actor, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.$transaction(async (tx) => {
    if (actor.kind === "user" && !(await holdAccess(tx, actor))) throw accessOver();
    return work(tx);
  });
}

/** The refusal of a person who is unknown, locked, or whose access ended since web signed. */
export function accessOver(): Refusal {
  return new Refusal(401, "unknown_actor", "The person is unknown or locked, or their access ended.");
}
