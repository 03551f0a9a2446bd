import type { FastifyInstance } from "fastify";
import { handleForOperator } from "@/automate/internal-api/operator-requests";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { resignFabricKeys } from "@/automate/keys/resign";
import { automateEnv } from "@/lib/env";

/** The operator's commands about keys. */
export function operatorKeyRoutes(app: FastifyInstance, keys: FabricKeys): void {
  handleForOperator(app, "keys:resign", () => resignFabricKeys(keys, automateEnv().AUTOMATE_SIGNING_KEY));
}
