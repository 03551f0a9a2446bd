import "server-only";
import * as z from "zod";
import { exportSecrets } from "@/lib/exports/queries";
import { exportFileName, exportFormat, exportFormats } from "@/lib/exports/schema";
import { importedConnection } from "@/lib/imports/schema";
import { ok } from "@/lib/result";
import { subKinds } from "@/lib/secrets/kinds/registry";
import { inFabric, operation } from "@/web/management-api/define";
import { who } from "@/web/management-api/parts";

const texts = z.array(z.string());

/** The JSON file. */
const exported = z.object({
  secrets: z.array(
    z.object({
      name: z.string(),
      type: z.enum(subKinds),
      description: z.string(),
      version: z.number().int(),
      connections: texts,
      connectionCount: z.number().int(),
      pipelines: z.number().int(),
      lastReadAt: z.string().nullable(),
      destinations: texts,
      formerNames: texts,
      expiresAt: z.string().nullable(),
      owner: z.string().nullable(),
      metadata: z.record(z.string(), z.unknown()),
      ...who,
    }),
  ),
  connections: z.array(importedConnection),
});

export const exportOperation = operation({
  id: "exportSecrets",
  method: "GET",
  path: "/api/orchestration/fabric/{fabricId}/export",
  tag: "Secrets",
  summary: "Export names, types, metadata and references",
  description:
    "A file without the envelope, and never a value. JSON has the connections, too, in the form in which `importSecrets` takes them. In CSV, a text that a spreadsheet would run as a formula begins with an apostrophe. A file that is cut ends with a broken connection.",
  failure: "Export failed",
  access: inFabric("secret:list"),
  query: z.object({ format: exportFormat }),
  data: exported,
  files: Object.values(exportFormats),
  run: async (scope, { query: { format } }) => {
    const pieces = exportSecrets(scope, format);
    const file = { type: exportFormats[format], name: exportFileName(format), pieces };
    return ok({ data: { secrets: [], connections: [] }, file });
  },
});
