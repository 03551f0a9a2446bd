import { getCandidate } from "@/lib/candidates/queries";
import { route } from "@/lib/next/route";
import { getSecret } from "@/lib/secrets/queries";

/** The new value of a secret that waits, or null. For Replace value inside a connection's form. */
export const GET = route({
  permission: "secret:list",
  run: async (scope, _request, { secretId = "" }) => {
    await getSecret(scope, secretId);
    const candidate = await getCandidate(scope, secretId);
    return Response.json(candidate?.state === "open" ? candidate : null);
  },
});
