import "server-only";
import { listFabricActivity } from "@/lib/management/activity";
import { checkConnection, checkConnectionByName } from "@/lib/management/checks";
import {
  createConnectionOperation,
  deleteConnectionOperation,
  getConnectionByName,
  listConnectionsByFabric,
  updateConnectionOperation,
} from "@/lib/management/connections";
import type { Operation } from "@/lib/management/define";
import {
  createFabricOperation,
  deleteFabricOperation,
  getFabricById,
  listFabricsOperation,
  updateFabricOperation,
} from "@/lib/management/fabrics";
import {
  createSecretOperation,
  deleteSecretOperation,
  getSecretById,
  getSecretUsage,
  listSecretsByFabric,
  updateSecretOperation,
} from "@/lib/management/secrets";
import { listTeamMembers, listTeamsOperation } from "@/lib/management/teams";

/** Every operation of the management API, in the order of the reference. */
export const operations: readonly Operation[] = [
  listFabricsOperation,
  createFabricOperation,
  getFabricById,
  updateFabricOperation,
  deleteFabricOperation,
  listSecretsByFabric,
  createSecretOperation,
  getSecretById,
  updateSecretOperation,
  deleteSecretOperation,
  getSecretUsage,
  listConnectionsByFabric,
  createConnectionOperation,
  getConnectionByName,
  updateConnectionOperation,
  deleteConnectionOperation,
  checkConnection,
  checkConnectionByName,
  listFabricActivity,
  listTeamsOperation,
  listTeamMembers,
];
