import { Prose } from "@/components/api-reference/prose";
import { Breakable } from "@/components/ui/breakable";
import type { ReferenceField } from "@/web/management-api/schema";

export function FieldList({ title, fields }: { title: string; fields: ReferenceField[] }) {
  if (fields.length === 0) return null;
  return (
    <div>
      <h3 className="mb-2 font-medium">{title}</h3>
      <dl className="divide-y divide-line border-line border-y">
        {fields.map(({ path, type, isRequired, description }) => (
          <div key={path} className="py-2">
            <dt className="flex flex-wrap items-baseline gap-x-2">
              <code className="wrap-anywhere font-mono text-sm">
                <Breakable text={path} />
              </code>
              <span className="text-muted text-sm">{type}</span>
              {isRequired && (
                <span className="text-sm text-warning-text">
                  required{isRequired !== true && ` with ${isRequired.with}`}
                </span>
              )}
            </dt>
            {description && (
              <dd className="text-pretty text-muted text-sm">
                <Prose text={description} />
              </dd>
            )}
          </div>
        ))}
      </dl>
    </div>
  );
}
