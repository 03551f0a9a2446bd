import type { FastifyInstance } from "fastify";
import { actFor } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import { handle } from "@/automate/internal-api/verify-request";
import { purgeConnectionNow, purgeSecretNow, usersInTrash } from "@/automate/trash/purge-now";

/** Purges one thing of the trash before its time, for an Admin with a recent sign-in. */
export function trashRoutes(app: FastifyInstance): void {
  handle(app, "trash:purge", async ({ scope, body: { type, id } }) =>
    actFor(scope.actor, async (tx) => {
      if (type === "secret") {
        const connections = await usersInTrash(tx, scope, id);
        if (connections.length > 0) return { usedBy: connections };
      }
      const isPurged = await (type === "secret" ? purgeSecretNow : purgeConnectionNow)(tx, scope, id);
      if (!isPurged) throw new Refusal(404, "not_found", "Not found in the trash.");
      return { id };
    }),
  );
}
