import type { Check } from "@/automate/checks/define";
import type { ConnectorKind } from "@/lib/connectors/registry";

/** The check of each kind; loaded on demand, so that a worker holds only the one that it runs. */
export const checks: Record<ConnectorKind, () => Promise<Check>> = {
  postgres: async () => (await import("@/automate/checks/postgres")).checkPostgres,
  sftp: async () => (await import("@/automate/checks/sftp")).checkSftp,
  restapi: async () => (await import("@/automate/checks/rest-api")).checkRestApi,
};
