/// <reference types="next/image-types/global" />
import {
  Braces,
  Database,
  FolderLock,
  FolderTree,
  Hexagon,
  type LucideIcon,
  Mail,
  Plug,
  Server,
  Sheet,
} from "lucide-react";
import adls from "@/components/connections/marks/adls.svg";
import bigquery from "@/components/connections/marks/bigquery.svg";
import databricks from "@/components/connections/marks/databricks.svg";
import gcs from "@/components/connections/marks/gcs.svg";
import hana from "@/components/connections/marks/hana.svg";
import mongodb from "@/components/connections/marks/mongodb.svg";
import mysql from "@/components/connections/marks/mysql.svg";
import onedrive from "@/components/connections/marks/onedrive.svg";
import postgres from "@/components/connections/marks/postgres.svg";
import powerbi from "@/components/connections/marks/powerbi.svg";
import redshift from "@/components/connections/marks/redshift.svg";
import s3 from "@/components/connections/marks/s3.svg";
import salesforce from "@/components/connections/marks/salesforce.svg";
import snowflake from "@/components/connections/marks/snowflake.svg";
import tableau from "@/components/connections/marks/tableau.svg";
import type { ConnectorKind } from "@/lib/connectors/registry";

type Mark = { src: string } | LucideIcon;

/** Each product's own mark, or an icon where no free drawing of it exists. Decision 1 names the sources. */
const marks: Record<ConnectorKind, Mark> = {
  postgres,
  mysql,
  mssql: Server,
  synapse: Hexagon,
  mongodb,
  hana,
  oracle: Database,
  redshift,
  sftp: FolderLock,
  s3,
  smtp: Mail,
  restapi: Braces,
  databricks,
  snowflake,
  bigquery,
  GCS: gcs,
  ADLS: adls,
  sharepoint: FolderTree,
  onedrive,
  powerbi,
  tableau,
  salesforce,
  smartsheet: Sheet,
};

/** The mark of a kind of connection. The tile is light in both themes, because the marks are made for one. */
export function KindTile({ kind }: { kind: string }) {
  const mark: Mark = Object.hasOwn(marks, kind) ? marks[kind as ConnectorKind] : Plug;
  return (
    <span
      aria-hidden
      className="inline-flex size-8 shrink-0 items-center justify-center rounded-md border border-line bg-mark text-on-mark"
    >
      <MarkPicture mark={mark} />
    </span>
  );
}

function MarkPicture({ mark }: { mark: Mark }) {
  if ("src" in mark)
    // biome-ignore lint/performance/noImgElement: web has no image optimizer, and a drawing needs none
    return <img src={mark.src} alt="" width={20} height={20} className="size-5 object-contain" />;
  const Icon = mark;
  return <Icon className="size-4.5" />;
}
