import type { FastifyInstance } from "fastify";
import { handle } from "@/automate/internal-api/verify-request";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { copySecrets, NotCopied } from "@/automate/secrets/copy-secrets";
import { authorize } from "@/lib/access/authorize";
import { db } from "@/lib/db/client";

/** Copies values between two fabrics, for an Admin of both with a recent sign-in. */
export function copiedSecretRoutes(app: FastifyInstance, keys: FabricKeys): void {
  handle(app, "secret:copy", async ({ scope, body: { fromFabricId, secrets } }) => {
    const source = await authorize(scope.actor, fromFabricId, "secret:copy");
    const nameOf = async (id: string) =>
      (await db.fabric.findUniqueOrThrow({ where: { id }, select: { name: true } })).name;
    const from = { scope: source, name: await nameOf(fromFabricId) };
    const to = { scope, name: await nameOf(scope.fabricId) };
    try {
      return { copies: await copySecrets(keys, from, to, secrets) };
    } catch (error) {
      if (error instanceof NotCopied) return { problem: error.problem, name: error.secretName };
      throw error;
    }
  });
}
