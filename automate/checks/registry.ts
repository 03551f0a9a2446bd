import type { Check } from "@/automate/checks/define";
import type { ConnectorKind } from "@/lib/connectors/registry";

/** The check of each kind; loaded on demand, so that a worker holds only the one that it runs. */
export const checks: Record<ConnectorKind, () => Promise<Check>> = {
  postgres: async () => (await import("@/automate/checks/postgres")).checkPostgres,
  mysql: async () => (await import("@/automate/checks/mysql")).checkMysql,
  mongodb: async () => (await import("@/automate/checks/mongodb")).checkMongodb,
  hana: async () => (await import("@/automate/checks/hana")).checkHana,
  oracle: async () => (await import("@/automate/checks/oracle")).checkOracle,
  mssql: async () => (await import("@/automate/checks/mssql")).checkMssql,
  synapse: async () => (await import("@/automate/checks/synapse")).checkSynapse,
  redshift: async () => (await import("@/automate/checks/redshift")).checkRedshift,
  sftp: async () => (await import("@/automate/checks/sftp")).checkSftp,
  s3: async () => (await import("@/automate/checks/s3")).checkS3,
  smtp: async () => (await import("@/automate/checks/smtp")).checkSmtp,
  restapi: async () => (await import("@/automate/checks/rest-api")).checkRestApi,
  databricks: async () => (await import("@/automate/checks/databricks")).checkDatabricks,
  snowflake: async () => (await import("@/automate/checks/snowflake")).checkSnowflake,
  bigquery: async () => (await import("@/automate/checks/bigquery")).checkBigquery,
  GCS: async () => (await import("@/automate/checks/gcs")).checkGcs,
  ADLS: async () => (await import("@/automate/checks/adls")).checkAdls,
  sharepoint: async () => (await import("@/automate/checks/sharepoint")).checkSharepoint,
  onedrive: async () => (await import("@/automate/checks/onedrive")).checkOnedrive,
  powerbi: async () => (await import("@/automate/checks/powerbi")).checkPowerbi,
  tableau: async () => (await import("@/automate/checks/tableau")).checkTableau,
  salesforce: async () => (await import("@/automate/checks/salesforce")).checkSalesforce,
  smartsheet: async () => (await import("@/automate/checks/smartsheet")).checkSmartsheet,
};
