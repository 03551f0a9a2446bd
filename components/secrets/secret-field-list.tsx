import { LockKeyhole } from "lucide-react";
import { DetailItem, DetailList, DetailSection } from "@/components/secrets/detail-section";
import { RelativeTime } from "@/components/ui/relative-time";
import { fieldsOf } from "@/lib/secrets/kinds/registry";
import type { SecretDetail } from "@/lib/secrets/schema";

/** Each field with the time when it was last set. Web cannot show more. */
export function SecretFieldList({ secret: { subKind, fields, version: current } }: { secret: SecretDetail }) {
  const setFields = new Map(fields.map((field) => [field.field, field]));
  const allFields = Object.entries(fieldsOf(subKind));
  return (
    <DetailSection id="value" title="Value">
      <p className="mb-3 flex items-start gap-2 text-muted">
        <LockKeyhole aria-hidden className="mt-0.5 size-4 shrink-0" />
        The value can’t be shown. Replace it when it changes.
      </p>
      <div className="-mx-4 border-line border-t px-4 pt-3">
        <DetailList>
          {allFields.map(([name, { title }]) => {
            const field = setFields.get(name);
            return (
              <DetailItem key={name}>
                {/* The heading names the only field. */}
                {allFields.length > 1 && <span className="font-medium">{title}</span>}
                <span className="text-muted">
                  {field ? (
                    <>
                      Set {field.setAt && <RelativeTime date={field.setAt} />}, version {field.version}
                      {/* A value that was brought back, or a field that a replacement left as it was. */}
                      {field.version !== current && `. Version ${current} has the same value`}
                    </>
                  ) : (
                    "Not set"
                  )}
                </span>
              </DetailItem>
            );
          })}
        </DetailList>
      </div>
    </DetailSection>
  );
}
