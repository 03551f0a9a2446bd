import { example as adls } from "@/e2e/fakes/examples/adls";
import { example as bigquery } from "@/e2e/fakes/examples/bigquery";
import type { Example } from "@/e2e/fakes/examples/define";
import { example as gcs } from "@/e2e/fakes/examples/gcs";
import { example as onedrive } from "@/e2e/fakes/examples/onedrive";
import { example as powerbi } from "@/e2e/fakes/examples/powerbi";
import { example as sharepoint } from "@/e2e/fakes/examples/sharepoint";

/** A passing connection of every kind. */
export const examples: Record<string, Example> = {
  ADLS: adls,
  bigquery,
  GCS: gcs,
  onedrive,
  powerbi,
  sharepoint,
};
