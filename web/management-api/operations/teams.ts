import "server-only";
import * as z from "zod";
import { ok } from "@/lib/result";
import { isMemberCursor, listMembers, listTeams } from "@/lib/teams/queries";
import { memberRole } from "@/lib/teams/schema";
import { invalidField } from "@/web/management-api/answer";
import { everyone, inTeam, operation } from "@/web/management-api/define";
import { foreignCursor, listQuery, listReply } from "@/web/management-api/parts";

export const listTeamsOperation = operation({
  id: "listTeams",
  method: "GET",
  path: "/api/orchestration/team",
  tag: "Teams",
  summary: "List your teams",
  failure: "List teams failed",
  access: everyone,
  data: z.object({
    teams: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        role: memberRole.meta({ description: "Your role in the team." }),
        members: z.number().int(),
        fabrics: z.number().int(),
      }),
    ),
  }),
  run: async (actor) => ok({ data: { teams: await listTeams(actor) } }),
});

export const listTeamMembers = operation({
  id: "listTeamMembers",
  method: "GET",
  path: "/api/orchestration/team/{teamId}/member",
  tag: "Teams",
  summary: "List the members of a team",
  failure: "List members failed",
  access: inTeam("team:see"),
  query: listQuery.omit({ search: true }),
  data: z.object({
    members: z.array(
      z.object({ id: z.string(), name: z.string(), email: z.string(), role: memberRole, since: z.string() }),
    ),
    next: z.string().nullable().optional(),
  }),
  run: async (scope, { query: { limit, after } }) => {
    if (after !== undefined && !isMemberCursor(after)) return invalidField("after", foreignCursor);
    return listReply({ limit, after }, async (from, size) => {
      const { members, next } = await listMembers(scope, { after: from }, size);
      return {
        members: members.map(({ userId, name, email, role, since }) => ({
          id: userId,
          name,
          email,
          role,
          since: since.toISOString(),
        })),
        next,
      };
    });
  },
});
