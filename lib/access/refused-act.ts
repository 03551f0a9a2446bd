import "server-only";
import type { Permission } from "@/lib/access/policy";
import type { Actor } from "@/lib/actor";
import { noteRefusal } from "@/lib/audit/refusals";
import { Forbidden, NotFresh } from "@/lib/result";

/** A team or fabric, as the audit event of a refusal names it. */
type Target = { kind: "fabric" | "team"; id: string; name: string; teamId: string };

/** Records in the audit log of `target` that a member was refused `permission`, then rethrows the error. */
export function refusedAct(error: unknown, actor: Actor, target: Target, permission: Permission): never {
  if (error instanceof Forbidden || error instanceof NotFresh) {
    const code = error instanceof Forbidden ? "forbidden" : "not_fresh";
    const { kind, id, name, teamId } = target;
    noteRefusal(`${actor.id} ${id}`, `${permission} ${code} ${actorToken(actor)}`, {
      actor,
      teamId,
      fabricId: kind === "fabric" ? id : null,
      action: "act.refuse",
      object: { kind, id, name },
      details: { code, permission },
    });
  }
  throw error;
}

function actorToken(actor: Actor): string {
  return actor.kind === "user" ? (actor.accessToken?.id ?? "") : "";
}
