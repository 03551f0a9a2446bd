import { getFabricKeys } from "@/lib/fabric-keys/queries";
import { route } from "@/lib/next/route";

/** The fabric's keys and their rotation, which the page refreshes while it runs. */
export const GET = route({
  permission: "fabric-key:list",
  run: async (scope) => Response.json(await getFabricKeys(scope)),
});
