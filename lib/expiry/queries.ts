import "server-only";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db/client";
import type { Owner } from "@/lib/expiry/schema";

/** The most members that a form offers as owners. */
const maxOffered = 500;

/** The members of the fabric's team who can own a secret or a token, by name. */
export async function listPossibleOwners({ teamId }: Scope<"secret:list">): Promise<Owner[]> {
  const members = await db.membership.findMany({
    where: { teamId, user: { lockedAt: null } },
    orderBy: [{ user: { name: "asc" } }, { userId: "asc" }],
    take: maxOffered,
    select: { user: { select: { id: true, name: true, email: true } } },
  });
  return members.map(({ user }) => user);
}
