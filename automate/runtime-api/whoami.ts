import type { FastifyInstance } from "fastify";
import { bearerOf, unauthorized } from "@/automate/runtime-api/authenticate";
import { type RuntimeOperation, runtimeOperation, serveOperation } from "@/automate/runtime-api/define";
import { type TokenKind, whoamiAnswerSchema } from "@/automate/runtime-api/schema";
import { isWorkloadToken, lifetimeOf } from "@/automate/runtime-api/token-lifetime";
import { db } from "@/lib/db/client";

const whoami = runtimeOperation({
  id: "whoami",
  method: "GET",
  path: "/v1/whoami",
  summary: "Describe the token of this request",
  answer: whoamiAnswerSchema,
  refusals: [],
});

/** Describes the caller's own token: its fabric, name, limits and expiry. Opens nothing. */
export function whoamiRoute(app: FastifyInstance): RuntimeOperation {
  return serveOperation(app, whoami, async ({ caller: { scope }, request }) => {
    const token = bearerOf(request) ?? "";
    const { secretIds = [], connectionIds = [] } = scope.only ?? {};
    const byName = { select: { name: true }, orderBy: { name: "asc" } } as const;
    const [fabric, { expiresAt }] = await Promise.all([
      db.fabric.findUnique({
        where: { id: scope.fabricId },
        select: {
          id: true,
          name: true,
          secrets: { where: { id: { in: [...secretIds] }, deletedAt: null }, ...byName },
          connections: { where: { id: { in: [...connectionIds] } }, ...byName },
        },
      }),
      lifetimeOf(scope, token),
    ]);
    if (!fabric) throw unauthorized();
    const { id, name, secrets, connections } = fabric;
    const kind: TokenKind = isWorkloadToken(token) ? "workload_token" : "pipeline_token";
    const namesOf = (rows: readonly { name: string }[]) => rows.map((row) => row.name);
    return {
      fabric: { id, name },
      token: { kind, name: scope.actor.name, expiresAt: expiresAt?.toISOString() ?? null },
      limits: scope.only && { secrets: namesOf(secrets), connections: namesOf(connections) },
    };
  });
}
