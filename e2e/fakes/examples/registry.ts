import { example as adls } from "@/e2e/fakes/examples/adls";
import { example as bigquery } from "@/e2e/fakes/examples/bigquery";
import { example as databricks } from "@/e2e/fakes/examples/databricks";
import type { Example } from "@/e2e/fakes/examples/define";
import { example as gcs } from "@/e2e/fakes/examples/gcs";
import { example as hana } from "@/e2e/fakes/examples/hana";
import { example as mongodb } from "@/e2e/fakes/examples/mongodb";
import { example as mssql } from "@/e2e/fakes/examples/mssql";
import { example as mysql } from "@/e2e/fakes/examples/mysql";
import { example as onedrive } from "@/e2e/fakes/examples/onedrive";
import { example as oracle } from "@/e2e/fakes/examples/oracle";
import { example as postgres } from "@/e2e/fakes/examples/postgres";
import { example as powerbi } from "@/e2e/fakes/examples/powerbi";
import { example as redshift } from "@/e2e/fakes/examples/redshift";
import { example as restapi } from "@/e2e/fakes/examples/restapi";
import { example as s3 } from "@/e2e/fakes/examples/s3";
import { example as salesforce } from "@/e2e/fakes/examples/salesforce";
import { example as sftp } from "@/e2e/fakes/examples/sftp";
import { example as sharepoint } from "@/e2e/fakes/examples/sharepoint";
import { example as smartsheet } from "@/e2e/fakes/examples/smartsheet";
import { example as smtp } from "@/e2e/fakes/examples/smtp";
import { example as snowflake } from "@/e2e/fakes/examples/snowflake";
import { example as synapse } from "@/e2e/fakes/examples/synapse";
import { example as tableau } from "@/e2e/fakes/examples/tableau";

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
