import { usersOf } from "@/lib/connections/using";
import { route } from "@/lib/next/route";
import { getSecret } from "@/lib/secrets/queries";
import type { ReplaceableSecret, SecretUses } from "@/lib/secrets/schema";

/**
 * The data for Replace value inside a connection's form, and what uses the secret, which its page asks for again and
 * again. The page has both at render time.
 */
export const GET = route({
  permission: "secret:list",
  run: async (scope, _request, { secretId = "" }) => {
    const secret = await getSecret(scope, secretId);
    const { subKind, fields, lastUsedAt, readsByDay, destinations, authorities, expiry } = secret;
    const users = await usersOf(scope, secret);
    return Response.json({
      ...users,
      lastUsedAt,
      readsByDay,
      subKind,
      fields,
      destinations,
      authorities,
      expiry,
    } satisfies ReplaceableSecret & SecretUses);
  },
});
