import { fieldMeta } from "@/lib/connectors/define";
import { findConnector } from "@/lib/connectors/registry";
import { validate } from "@/lib/connectors/validate";

/** Why a saved connection is of no use: its kind takes fewer settings than when it was saved. */
export function InvalidSettings({
  kind,
  properties,
}: {
  kind: string;
  properties: Readonly<Record<string, unknown>>;
}) {
  const connector = findConnector(kind);
  const validated = connector && validate(connector, properties);
  if (!connector || !validated || validated.ok) return null;
  return (
    <ul className="flex max-w-80 flex-col gap-0.5 text-danger-text text-sm">
      <li>Checks and pipelines can't use these settings. Correct them and save.</li>
      {Object.entries(validated.fieldErrors).map(([field, message]) => (
        <li key={field} className="break-words">
          {titleOf(connector.fields.shape[field]) ?? field}: {message}
        </li>
      ))}
    </ul>
  );
}

function titleOf(schema: Parameters<typeof fieldMeta>[0] | undefined): string | undefined {
  return schema && fieldMeta(schema).title;
}
