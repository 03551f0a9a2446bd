import { Banner } from "@/components/ui/banner";
import { fieldMeta } from "@/lib/connectors/define";
import { findConnector } from "@/lib/connectors/registry";
import { validate } from "@/lib/connectors/validate";

type Settings = { kind: string; properties: Readonly<Record<string, unknown>> };

/**
 * In a row: the saved connection is no longer valid, because its kind now accepts less than when it was
 * saved.
 */
export function InvalidSettingsNote(settings: Settings) {
  const errors = errorsOf(settings);
  if (errors.length === 0) return null;
  return <span className="mt-1 block text-danger-text text-sm">Some settings are no longer valid.</span>;
}

/** On the connection's page: the invalid fields. */
export function InvalidSettingsBanner(settings: Settings) {
  const errors = errorsOf(settings);
  if (errors.length === 0) return null;
  return (
    <Banner tone="danger" title="Some settings are no longer valid">
      <ul>
        {errors.map(({ title, message }) => (
          <li key={title}>
            <span className="font-medium text-ink">{title}</span>: {message}
          </li>
        ))}
      </ul>
      <p className="mt-1">
        Correct and save them. Until then, the connection cannot be checked, and pipelines can read it only
        while its host is valid.
      </p>
    </Banner>
  );
}

function errorsOf({ kind, properties }: Settings): { title: string; message: string }[] {
  const connector = findConnector(kind);
  const validated = connector && validate(connector, properties);
  if (!connector || !validated || validated.ok) return [];
  return Object.entries(validated.fieldErrors).map(([field, message]) => {
    const schema = connector.fields.shape[field];
    return { title: schema ? fieldMeta(schema).title : field, message };
  });
}
