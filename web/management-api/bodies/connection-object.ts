import * as z from "zod";
import type { ConnectionSummary } from "@/lib/connections/schema";
import { fieldMeta } from "@/lib/connectors/define";
import { withMember } from "@/lib/connectors/nested-reference";
import { findConnector } from "@/lib/connectors/registry";
import { userFieldOf } from "@/lib/connectors/validate";
import { type SubKind, secretKinds } from "@/lib/secrets/kinds/registry";
import { usedForDays } from "@/lib/secrets/schema";
import { who } from "@/web/management-api/parts";

/** A connection in the API: every credential is a reference to its secret. */
export const connectionObject = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.string(),
  isDefaultWarehouseConnection: z.boolean(),
  properties: z.record(z.string(), z.unknown()),
  description: z.string(),
  status: z.object({
    state: z.enum(["connected", "disconnected", "inactive", "waiting", "not_tested"]),
    since: z.string().optional(),
    checkedAt: z.string().optional(),
    code: z.string().optional().meta({ description: "Why it is disconnected." }),
  }),
  notAllowed: z
    .object({
      since: z.string(),
      sent: z.array(z.object({ secret: z.string(), destinations: z.array(z.string()) })),
    })
    .optional()
    .meta({ description: "Pipelines cannot use the connection until these destinations are allowed." }),
  usedByPipelines: z
    .number()
    .int()
    .meta({ description: `Number of pipelines that read through it in the last ${usedForDays} days.` }),
  lastReadAt: z
    .string()
    .nullable()
    .meta({
      description: `When a pipeline last read through it; null if none did in the last ${usedForDays} days.`,
    }),
  ...who,
});

/** Converts a saved connection to its form in the API. */
export function objectOf(connection: ConnectionSummary): z.input<typeof connectionObject> {
  const { id, name, kind, isWarehouse, properties, references, description, status, notAllowed } = connection;
  const shown = references.reduce<Record<string, unknown>>((all, { field, ...reference }) => {
    const shownReference = referenceOf(reference);
    const user = givenUserField(kind, field, reference.subKind);
    const given = user && { [user.name]: user.isSecret ? shownReference : (properties[user.name] ?? "") };
    return { ...withMember(all, field, shownReference), ...given };
  }, properties);
  return {
    id,
    name,
    kind,
    isDefaultWarehouseConnection: isWarehouse,
    properties: shown,
    description,
    status: {
      state: status.state,
      ...("since" in status ? { since: status.since.toISOString() } : {}),
      ...("checkedAt" in status ? { checkedAt: status.checkedAt.toISOString() } : {}),
      ...("code" in status ? { code: status.code } : {}),
    },
    ...(notAllowed ? { notAllowed: { ...notAllowed, since: notAllowed.since.toISOString() } } : {}),
    usedByPipelines: connection.pipelines,
    lastReadAt: connection.lastReadAt?.toISOString() ?? null,
    createdAt: connection.createdAt.toISOString(),
    createdBy: connection.createdByName,
    updatedAt: connection.updatedAt.toISOString(),
    updatedBy: connection.updatedByName,
  };
}

type Reference = Omit<ConnectionSummary["references"][number], "field">;

function referenceOf({ secretId, name, subKind }: Reference) {
  return { kind: "prophecy", subKind, type: "secret", properties: { id: secretId, name } };
}

/**
 * The field of the user that a secret of this type gives. The documented API requires it, so answers always have it:
 * empty, or the same reference.
 */
function givenUserField(kind: string, field: string, subKind: SubKind) {
  const connector = findConnector(kind);
  const name = connector && secretKinds[subKind].givesUser && userFieldOf(connector, field);
  if (!connector || !name) return undefined;
  const schema = connector.fields.shape[name];
  return { name, isSecret: schema !== undefined && fieldMeta(schema).control === "secret" };
}
