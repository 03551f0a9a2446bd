import "server-only";
import type { Operation } from "@/web/management-api/define";
import { listFabricActivity } from "@/web/management-api/operations/activity";
import { checkConnection, checkConnectionByName } from "@/web/management-api/operations/checks";
import {
  createConnectionOperation,
  deleteConnectionOperation,
  getConnectionByName,
  listConnectionsByFabric,
  updateConnectionOperation,
} from "@/web/management-api/operations/connections";
import {
  createFabricOperation,
  deleteFabricOperation,
  getFabricById,
  listFabricsOperation,
  updateFabricOperation,
} from "@/web/management-api/operations/fabrics";
import {
  createSecretOperation,
  deleteSecretOperation,
  getSecretById,
  getSecretUsage,
  listSecretsByFabric,
  updateSecretOperation,
} from "@/web/management-api/operations/secrets";
import { listTeamMembers, listTeamsOperation } from "@/web/management-api/operations/teams";

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
