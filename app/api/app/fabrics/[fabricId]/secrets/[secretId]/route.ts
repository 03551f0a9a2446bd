import { route } from "@/lib/next/route";
import { getSecret } from "@/lib/secrets/queries";
import type { ReplaceableSecret } from "@/lib/secrets/schema";

/** What Replace value starts from inside a connection's form; a secret's own page has it from the server. */
export const GET = route({
  permission: "secret:list",
  run: async (scope, _request, { secretId = "" }) => {
    const { id, subKind, version, fields, destinations } = await getSecret(scope, secretId);
    return Response.json({ id, subKind, version, fields, destinations } satisfies ReplaceableSecret);
  },
});
