import "server-only";
import * as z from "zod";
import { maxImportRows } from "@/lib/imports/formats/row";
import { importRows, replayedImport } from "@/lib/imports/mutations";
import { findImportProblems } from "@/lib/imports/problems";
import { dryRunInput, importedConnection } from "@/lib/imports/schema";
import { ok } from "@/lib/result";
import { apiCodes, failure } from "@/web/management-api/answer";
import { createInputOf, createSecretBody } from "@/web/management-api/bodies/secret";
import { inFabric, operation } from "@/web/management-api/define";

const path = "/api/orchestration/fabric/{fabricId}/import";
const imported = z.object({ secrets: z.number().int(), connections: z.number().int() });

const importBody = z
  .object({
    secrets: z.array(createSecretBody).max(maxImportRows).default([]),
    connections: z.array(importedConnection).max(maxImportRows).default([]).meta({
      description:
        "Connections that name their secrets, of the same import or of the fabric: `secretNames` maps each credential to a name. They allow no destination: the first check shows them and asks.",
    }),
  })
  .refine(
    ({ secrets, connections }) => secrets.length + connections.length > 0,
    "There is nothing to import.",
  )
  .refine(
    ({ secrets, connections }) => secrets.length + connections.length <= maxImportRows,
    `At most ${maxImportRows} rows are imported at once.`,
  );

export const importOperation = operation({
  id: "importSecrets",
  method: "POST",
  path,
  tag: "Secrets",
  summary: "Import secrets and connections",
  description: `Stores up to ${maxImportRows} secrets and connections in one transaction: all of them, or none. \`fieldErrors\` then names each row that prevents it, as \`secrets.<n>\` or \`connections.<n>\`, counted from 0.`,
  failure: "Import failed",
  access: inFabric("secret:write"),
  body: importBody,
  data: imported,
  example: {
    secrets: [
      {
        kind: "prophecy",
        subKind: "text",
        properties: { name: "your-secret-name", value: "your-secret-value" },
      },
    ],
  },
  run: async (scope, { body, idempotent }) => {
    const input = { secrets: body.secrets.map(createInputOf), connections: body.connections };
    const result = await importRows(scope, input, idempotent);
    if (result.ok) return ok({ data: result.value });
    return failure("refused_rows", apiCodes.refused_rows.reason, result.fieldErrors);
  },
  replay: async (_scope, stored) => ok({ data: replayedImport(stored) }),
});

export const dryRunOperation = operation({
  id: "dryRunImport",
  method: "POST",
  path: `${path}/dry-run`,
  tag: "Secrets",
  summary: "Try an import with names and types alone",
  description:
    "Says which rows the fabric would refuse as it is now, and changes nothing. It takes no value: the caller validates values.",
  failure: "Dry run failed",
  access: inFabric("secret:write"),
  body: dryRunInput,
  data: z.object({
    problems: z.record(z.string(), z.string()).meta({
      description:
        "A sentence for each row, as `secrets.<n>` or `connections.<n>`, counted from 0. `all` is about the import as a whole.",
    }),
  }),
  example: { secrets: [{ name: "your-secret-name", subKind: "text" }] },
  run: async (scope, { body }) => ok({ data: { problems: await findImportProblems(scope, body) } }),
});
