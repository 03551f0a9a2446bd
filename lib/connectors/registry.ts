import type { Connector } from "@/lib/connectors/define";
import { adls } from "@/lib/connectors/kinds/adls";
import { bigquery } from "@/lib/connectors/kinds/bigquery";
import { databricks } from "@/lib/connectors/kinds/databricks";
import { gcs } from "@/lib/connectors/kinds/gcs";
import { hana } from "@/lib/connectors/kinds/hana";
import { mongodb } from "@/lib/connectors/kinds/mongodb";
import { mssql } from "@/lib/connectors/kinds/mssql";
import { mysql } from "@/lib/connectors/kinds/mysql";
import { onedrive } from "@/lib/connectors/kinds/onedrive";
import { oracle } from "@/lib/connectors/kinds/oracle";
import { postgres } from "@/lib/connectors/kinds/postgres";
import { powerbi } from "@/lib/connectors/kinds/powerbi";
import { redshift } from "@/lib/connectors/kinds/redshift";
import { restApi } from "@/lib/connectors/kinds/rest-api";
import { s3 } from "@/lib/connectors/kinds/s3";
import { salesforce } from "@/lib/connectors/kinds/salesforce";
import { sftp } from "@/lib/connectors/kinds/sftp";
import { sharepoint } from "@/lib/connectors/kinds/sharepoint";
import { smartsheet } from "@/lib/connectors/kinds/smartsheet";
import { smtp } from "@/lib/connectors/kinds/smtp";
import { snowflake } from "@/lib/connectors/kinds/snowflake";
import { synapse } from "@/lib/connectors/kinds/synapse";
import { tableau } from "@/lib/connectors/kinds/tableau";

/** All kinds of connection, in the order of the gallery within each group. */
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

/** True for a known kind. */
export function isConnectorKind(kind: string): kind is ConnectorKind {
  return Object.hasOwn(connectors, kind);
}

/** Returns a kind's connector, or null. */
export function findConnector(kind: string): Connector | null {
  return isConnectorKind(kind) ? connectors[kind] : null;
}

/** The name of each kind, for screens that load no connector. */
export function kindNames(): Record<string, string> {
  return Object.fromEntries(Object.values(connectors).map(({ kind, name }) => [kind, name]));
}
