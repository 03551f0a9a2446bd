import type { FastifyInstance, FastifyRequest } from "fastify";
import { findSecretByName } from "@/automate/current-secret";
import type { FabricKeys } from "@/automate/fabric-keys";
import { type Opened, openSecrets } from "@/automate/open-secret";
import { Refusal } from "@/automate/refusal";
import { authorizePipeline } from "@/lib/access/pipeline";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { db } from "@/lib/db";
import { secretName } from "@/lib/secrets/schema";

type Params = { Params: { name: string } };

/** The runtime API: a pipeline's token receives the secrets of its fabric, each use committed to the audit log first. */
export function secretRoutes(app: FastifyInstance, keys: FabricKeys): void {
  app.get<Params>("/v1/secrets/:name", async (request, reply) => {
    const scope = await requirePipeline(request);
    const { name } = request.params;
    const source = request.ip;
    const secret = secretName.safeParse(name).success ? await findSecretByName(scope, name) : null;
    if (!secret) {
      await refuse(scope, name, source);
      throw new Refusal(404, "not_found", "There is no secret of this name in the token's fabric.");
    }
    const fields = Object.keys(secret.manifest);
    const [opened] = await openSecrets(keys, { for: "pipeline", scope, source }, [
      { secret, fields, destinations: [] },
    ]);
    await noteUse(scope.actor.id);
    reply.header("cache-control", "no-store");
    return {
      name: secret.name,
      subKind: secret.subKind,
      version: secret.version,
      ...answerValue(secret.subKind, opened ?? {}),
    };
  });
}

/** The token's scope, or 401 in one shape for a token that is missing, unknown, expired or revoked. */
async function requirePipeline(request: FastifyRequest): Promise<Scope<"secret:use">> {
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const scope = token ? await authorizePipeline(token) : null;
  if (!scope)
    throw new Refusal(
      401,
      "unauthorized",
      "Send a valid pipeline token of a fabric as “Authorization: Bearer …”.",
    );
  return scope;
}

/** Text and Binary have one field, `value`; the others an object of their fields, by their API names. */
function answerValue(subKind: string, opened: Opened): { value: unknown; encoding?: "base64" } {
  if (subKind === "binary") {
    return { value: Buffer.from(opened.value?.revealBytes() ?? []).toString("base64"), encoding: "base64" };
  }
  const texts = Object.fromEntries(
    Object.entries(opened).map(([field, plaintext]) => [field, plaintext.revealText()]),
  );
  return { value: subKind === "text" ? texts.value : texts };
}

/** To the minute, so that a busy token does not queue on its own row. */
async function noteUse(tokenId: string): Promise<void> {
  const now = new Date();
  const minuteAgo = new Date(now.getTime() - 60_000);
  await db.pipelineToken.updateMany({
    where: { id: tokenId, OR: [{ lastUsedAt: null }, { lastUsedAt: { lt: minuteAgo } }] },
    data: { lastUsedAt: now },
  });
}

async function refuse(scope: Scope<"secret:use">, name: string, source: string): Promise<void> {
  const { actor, teamId, fabricId } = scope;
  await record(db, {
    actor,
    teamId,
    fabricId,
    action: "secret.refuse",
    // What is no name may be a value that slipped into the path.
    object: { kind: "secret", id: "", name: secretName.safeParse(name).success ? name : "" },
    details: { code: "not_found", source },
  });
}
