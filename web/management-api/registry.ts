import "server-only";
import type { Operation } from "@/web/management-api/define";
import { exportActivityOperation, listFabricActivity } from "@/web/management-api/operations/activity";
import * as candidates from "@/web/management-api/operations/candidates";
import * as checks from "@/web/management-api/operations/checks";
import { comparisonOperation } from "@/web/management-api/operations/comparisons";
import * as connections from "@/web/management-api/operations/connections";
import { exportOperation } from "@/web/management-api/operations/exports";
import * as fabrics from "@/web/management-api/operations/fabrics";
import * as imports from "@/web/management-api/operations/imports";
import * as rotations from "@/web/management-api/operations/password-rotations";
import * as promotions from "@/web/management-api/operations/promotions";
import * as secrets from "@/web/management-api/operations/secrets";
import * as teams from "@/web/management-api/operations/teams";
import * as trash from "@/web/management-api/operations/trash";

/** Every operation of the management API, in the order of the reference. */
export const operations: readonly Operation[] = [
  fabrics.listFabricsOperation,
  fabrics.createFabricOperation,
  fabrics.getFabricById,
  fabrics.updateFabricOperation,
  fabrics.deleteFabricOperation,
  secrets.listSecretsByFabric,
  secrets.createSecretOperation,
  secrets.getSecretById,
  secrets.updateSecretOperation,
  secrets.deleteSecretOperation,
  secrets.getSecretUsage,
  candidates.createCandidateOperation,
  candidates.getCandidateOperation,
  candidates.checkCandidateOperation,
  candidates.promoteCandidateOperation,
  candidates.discardCandidateOperation,
  candidates.undoReplacementOperation,
  rotations.getRotationOperation,
  rotations.runRotationOperation,
  rotations.endRotationOperation,
  imports.dryRunOperation,
  imports.importOperation,
  exportOperation,
  comparisonOperation,
  promotions.planPromotionOperation,
  promotions.promoteOperation,
  connections.listConnectionsByFabric,
  connections.createConnectionOperation,
  connections.getConnectionByName,
  connections.updateConnectionOperation,
  connections.deleteConnectionOperation,
  trash.listTrashByFabric,
  trash.restoreSecretOperation,
  trash.restoreConnectionOperation,
  checks.checkConnection,
  checks.checkConnectionByName,
  listFabricActivity,
  exportActivityOperation,
  teams.listTeamsOperation,
  teams.listTeamMembers,
];
