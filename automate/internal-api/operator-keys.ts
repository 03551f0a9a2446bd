import type { FastifyInstance } from "fastify";
import { handleForOperator } from "@/automate/internal-api/operator-requests";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { resignFabricKeys } from "@/automate/keys/resign";
import { verifyKeys } from "@/automate/keys/verify";
import { tryToOpen } from "@/automate/secrets/try-to-open";
import { automateEnv } from "@/lib/env";

/** The operator's commands about keys. */
export function operatorKeyRoutes(app: FastifyInstance, keys: FabricKeys): void {
  handleForOperator(app, "keys:verify", ({ body }) =>
    verifyKeys({ keys, tryToOpen, signingKey: automateEnv().AUTOMATE_SIGNING_KEY }, body.sample),
  );
  handleForOperator(app, "keys:resign", () => resignFabricKeys(keys, automateEnv().AUTOMATE_SIGNING_KEY));
}
