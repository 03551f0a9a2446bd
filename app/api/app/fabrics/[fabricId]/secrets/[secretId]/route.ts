import { usersOf } from "@/lib/connections/using";
import { route } from "@/lib/next/route";
import { getSecret } from "@/lib/secrets/queries";
import type { ReplaceableSecret } from "@/lib/secrets/schema";

/** The data for Replace value inside a connection's form. A secret's own page gets it at render time. */
export const GET = route({
  permission: "secret:list",
  run: async (scope, _request, { secretId = "" }) => {
    const secret = await getSecret(scope, secretId);
    const { subKind, fields, destinations, authorities } = secret;
    const users = await usersOf(scope, secret);
    return Response.json({
      ...users,
      subKind,
      fields,
      destinations,
      authorities,
    } satisfies ReplaceableSecret);
  },
});
