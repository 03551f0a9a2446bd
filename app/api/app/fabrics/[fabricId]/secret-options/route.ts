import * as z from "zod";
import { problem, route } from "@/lib/next/route";
import { subKinds } from "@/lib/secrets/kinds/registry";
import { listSecretOptions } from "@/lib/secrets/queries";

const query = z.object({
  search: z.string().trim().max(128).default(""),
  subKinds: z.array(z.enum(subKinds)).min(1),
  after: z.string().max(512).optional(),
  ids: z.array(z.string().max(64)).max(20).optional(),
});

/** The secrets for the secret picker: one page of names, or the requested ids. */
export const GET = route({
  permission: "secret:list",
  run: async (scope, request) => {
    const params = new URL(request.url).searchParams;
    const parsed = query.safeParse({
      search: params.get("search") ?? undefined,
      subKinds: params.getAll("subKind"),
      after: params.get("after") ?? undefined,
      ids: params.has("id") ? params.getAll("id") : undefined,
    });
    if (!parsed.success) return problem(400, "The query is not valid.");
    return Response.json(await listSecretOptions(scope, parsed.data));
  },
});
