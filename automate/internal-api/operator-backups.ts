import type { FastifyInstance } from "fastify";
import { endDrill, openInDrill, startDrill } from "@/automate/backups/drill";
import { signBackup } from "@/automate/backups/sign-backup";
import { handleForOperator } from "@/automate/internal-api/operator-requests";
import type { FabricKeys } from "@/automate/keys/fabric-keys";

/** A value of a drill may be a file: the largest is 16 MiB, in Base64 twice. */
const drillBytes = 40 * 1024 * 1024;

/** The operator's commands about backups and drills. */
export function operatorBackupRoutes(app: FastifyInstance, keys: FabricKeys): void {
  handleForOperator(app, "backup:sign", ({ body }) => signBackup(body));
  handleForOperator(app, "drill:start", ({ body }) => startDrill(body));
  handleForOperator(app, "drill:open", ({ body }) => openInDrill(keys, body), { bodyLimit: drillBytes });
  handleForOperator(app, "drill:end", ({ body }) => endDrill(keys, body));
}
