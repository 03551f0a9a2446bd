import { adls } from "@/lib/connectors/adls";
import { bigquery } from "@/lib/connectors/bigquery";
import { databricks } from "@/lib/connectors/databricks";
import type { Connector } from "@/lib/connectors/define";
import { gcs } from "@/lib/connectors/gcs";
import { hana } from "@/lib/connectors/hana";
import { mongodb } from "@/lib/connectors/mongodb";
import { mssql } from "@/lib/connectors/mssql";
import { mysql } from "@/lib/connectors/mysql";
import { onedrive } from "@/lib/connectors/onedrive";
import { oracle } from "@/lib/connectors/oracle";
import { postgres } from "@/lib/connectors/postgres";
import { powerbi } from "@/lib/connectors/powerbi";
import { redshift } from "@/lib/connectors/redshift";
import { restApi } from "@/lib/connectors/rest-api";
import { s3 } from "@/lib/connectors/s3";
import { salesforce } from "@/lib/connectors/salesforce";
import { sftp } from "@/lib/connectors/sftp";
import { sharepoint } from "@/lib/connectors/sharepoint";
import { smartsheet } from "@/lib/connectors/smartsheet";
import { smtp } from "@/lib/connectors/smtp";
import { snowflake } from "@/lib/connectors/snowflake";
import { synapse } from "@/lib/connectors/synapse";
import { tableau } from "@/lib/connectors/tableau";

/** Every kind of connection, in the order of the gallery. */
export const connectors = {
  postgres,
  mysql,
  mssql,
  synapse,
  mongodb,
  hana,
  oracle,
  redshift,
  sftp,
  s3,
  smtp,
  restapi: restApi,
  databricks,
  snowflake,
  bigquery,
  GCS: gcs,
  ADLS: adls,
  sharepoint,
  onedrive,
  powerbi,
  tableau,
  salesforce,
  smartsheet,
} as const;

export type ConnectorKind = keyof typeof connectors;

/** Narrows a string to a known kind. */
export function isConnectorKind(kind: string): kind is ConnectorKind {
  return Object.hasOwn(connectors, kind);
}

/** The connector of a kind, or null when there is none. */
export function findConnector(kind: string): Connector | null {
  return isConnectorKind(kind) ? connectors[kind] : null;
}
