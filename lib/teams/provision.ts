import "server-only";
import { record } from "@/lib/audit/record";
import { db, isUniqueViolation } from "@/lib/db/client";
import { fail, ok, type Result } from "@/lib/result";
import type { MemberRole } from "@/lib/teams/schema";
import type { System } from "@/lib/users/provision";
import { emailKey } from "@/lib/users/schema";

/** Creates a team without members. */
export async function createTeam(
  system: System,
  { name }: { name: string },
): Promise<Result<{ id: string }, "name_taken">> {
  try {
    return await db.$transaction(async (tx) => {
      const { id } = await tx.team.create({
        data: { name, nameKey: name.toLowerCase() },
        select: { id: true },
      });
      await record(tx, {
        actor: system,
        teamId: id,
        fabricId: null,
        action: "team.create",
        object: { kind: "team", id, name },
      });
      return ok({ id });
    });
  } catch (error) {
    if (isUniqueViolation(error)) return fail("name_taken");
    throw error;
  }
}

/** Adds an existing person to a team, by the team's name. */
export async function addMember(
  system: System,
  { team: teamName, email, role }: { team: string; email: string; role: MemberRole },
): Promise<Result<null, "no_team" | "no_user" | "already_member">> {
  return db.$transaction(async (tx) => {
    const team = await tx.team.findUnique({
      where: { nameKey: teamName.toLowerCase() },
      select: { id: true, name: true },
    });
    if (!team) return fail("no_team");
    const user = await tx.user.findUnique({
      where: { emailKey: emailKey(email) },
      select: { id: true, name: true },
    });
    if (!user) return fail("no_user");
    const { count } = await tx.membership.createMany({
      data: [{ teamId: team.id, userId: user.id, role }],
      skipDuplicates: true,
    });
    if (count === 0) return fail("already_member");
    await record(tx, {
      actor: system,
      teamId: team.id,
      fabricId: null,
      action: "team.join",
      object: { kind: "team", ...team },
      details: { role, member: user.name },
    });
    return ok(null);
  });
}
