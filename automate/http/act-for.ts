import { Refusal } from "@/automate/http/error";
import type { Actor } from "@/lib/actor";
import { db, type Tx } from "@/lib/db/client";
import { lockAccess } from "@/lib/users/end-access";

/**
 * Runs `work` in a transaction that holds the person's access. Anyone who ends that access waits for the
 * transaction, and so finds the rows that it stores.
 *
 * Throws `Refusal` 401 when the access ended after the request was verified. Background work has no person.
 */
export async function actFor<T>(actor: Actor, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.$transaction(async (tx) => {
    if (actor.kind === "user" && !(await lockAccess(tx, actor))) throw accessEnded();
    return work(tx);
  });
}

/** The refusal for a person who is unknown or locked, or whose access ended after web signed the request. */
export function accessEnded(): Refusal {
  return new Refusal(401, "unknown_actor", "Unknown or locked person, or their access ended.");
}
