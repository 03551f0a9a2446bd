import { example as adls } from "@/testing/connection-examples/adls";
import { example as bigquery } from "@/testing/connection-examples/bigquery";
import { example as databricks } from "@/testing/connection-examples/databricks";
import type { Example } from "@/testing/connection-examples/define";
import { example as gcs } from "@/testing/connection-examples/gcs";
import { example as hana } from "@/testing/connection-examples/hana";
import { example as mongodb } from "@/testing/connection-examples/mongodb";
import { example as mssql } from "@/testing/connection-examples/mssql";
import { example as mysql } from "@/testing/connection-examples/mysql";
import { example as onedrive } from "@/testing/connection-examples/onedrive";
import { example as oracle } from "@/testing/connection-examples/oracle";
import { example as postgres } from "@/testing/connection-examples/postgres";
import { example as powerbi } from "@/testing/connection-examples/powerbi";
import { example as redshift } from "@/testing/connection-examples/redshift";
import { example as restapi } from "@/testing/connection-examples/restapi";
import { example as s3 } from "@/testing/connection-examples/s3";
import { example as salesforce } from "@/testing/connection-examples/salesforce";
import { example as sftp } from "@/testing/connection-examples/sftp";
import { example as sharepoint } from "@/testing/connection-examples/sharepoint";
import { example as smartsheet } from "@/testing/connection-examples/smartsheet";
import { example as smtp } from "@/testing/connection-examples/smtp";
import { example as snowflake } from "@/testing/connection-examples/snowflake";
import { example as synapse } from "@/testing/connection-examples/synapse";
import { example as tableau } from "@/testing/connection-examples/tableau";

/** A passing connection of every kind. */
export const examples: Record<string, Example> = {
  ADLS: adls,
  bigquery,
  databricks,
  GCS: gcs,
  hana,
  mongodb,
  mssql,
  mysql,
  onedrive,
  oracle,
  postgres,
  powerbi,
  redshift,
  restapi,
  s3,
  salesforce,
  sftp,
  sharepoint,
  smartsheet,
  smtp,
  snowflake,
  synapse,
  tableau,
};
