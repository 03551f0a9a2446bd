import { route } from "@/lib/next/route";
import { getSecret } from "@/lib/secrets/queries";
import type { ReplaceableSecret } from "@/lib/secrets/schema";

/** The data for Replace value inside a connection's form. A secret's own page gets it at render time. */
export const GET = route({
  permission: "secret:list",
  run: async (scope, _request, { secretId = "" }) => {
    const { id, subKind, version, fields, destinations, authorities } = await getSecret(scope, secretId);
    return Response.json({
      id,
      subKind,
      version,
      fields,
      destinations,
      authorities,
    } satisfies ReplaceableSecret);
  },
});
