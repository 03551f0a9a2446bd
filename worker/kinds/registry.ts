import type { ConnectorKind } from "@/lib/connectors/registry";
import type { Check } from "@/worker/check";

/** The check of each kind. Loaded on demand, so that a worker loads only one driver. */
export const checks: Record<ConnectorKind, () => Promise<Check>> = {
  postgres: async () => (await import("@/worker/kinds/postgres")).checkPostgres,
  mysql: async () => (await import("@/worker/kinds/mysql")).checkMysql,
  mongodb: async () => (await import("@/worker/kinds/mongodb")).checkMongodb,
  hana: async () => (await import("@/worker/kinds/hana")).checkHana,
  oracle: async () => (await import("@/worker/kinds/oracle")).checkOracle,
  mssql: async () => (await import("@/worker/kinds/mssql")).checkMssql,
  synapse: async () => (await import("@/worker/kinds/synapse")).checkSynapse,
  redshift: async () => (await import("@/worker/kinds/redshift")).checkRedshift,
  sftp: async () => (await import("@/worker/kinds/sftp")).checkSftp,
  s3: async () => (await import("@/worker/kinds/s3")).checkS3,
  smtp: async () => (await import("@/worker/kinds/smtp")).checkSmtp,
  restapi: async () => (await import("@/worker/kinds/rest-api")).checkRestApi,
  databricks: async () => (await import("@/worker/kinds/databricks")).checkDatabricks,
  snowflake: async () => (await import("@/worker/kinds/snowflake")).checkSnowflake,
  bigquery: async () => (await import("@/worker/kinds/bigquery")).checkBigquery,
  GCS: async () => (await import("@/worker/kinds/gcs")).checkGcs,
  ADLS: async () => (await import("@/worker/kinds/adls")).checkAdls,
  sharepoint: async () => (await import("@/worker/kinds/sharepoint")).checkSharepoint,
  onedrive: async () => (await import("@/worker/kinds/onedrive")).checkOnedrive,
  powerbi: async () => (await import("@/worker/kinds/powerbi")).checkPowerbi,
  tableau: async () => (await import("@/worker/kinds/tableau")).checkTableau,
  salesforce: async () => (await import("@/worker/kinds/salesforce")).checkSalesforce,
  smartsheet: async () => (await import("@/worker/kinds/smartsheet")).checkSmartsheet,
};
