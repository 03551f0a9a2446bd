"use client";

import { flushSync } from "react-dom";
import { useFormContext, useWatch } from "react-hook-form";
import type { FieldFate, ReplaceFormValues } from "@/components/secrets/replace-form";
import { SecretValueField } from "@/components/secrets/secret-value-field";
import { Button } from "@/components/ui/button";
import { RelativeTime } from "@/components/ui/relative-time";
import type { SecretField } from "@/lib/secrets/kinds/define";
import type { ReplaceableSecret } from "@/lib/secrets/schema";

/** One field of a multi-field type. Kept unless the person replaces it, or clears an optional one. */
export function ReplaceableField({
  name,
  field,
  maxSecretBytes,
  current,
}: {
  name: string;
  field: SecretField;
  maxSecretBytes: number;
  current: ReplaceableSecret["fields"][number] | undefined;
}) {
  const { control, setValue, setFocus, clearErrors } = useFormContext<ReplaceFormValues>();
  const fate = useWatch({ control, name: `fates.${name}` }) ?? "kept";
  const { title } = field;
  const replace = current ? "Replace" : "Set";

  function decide(next: FieldFate) {
    clearErrors("root");
    clearErrors(`fields.${name}`);
    flushSync(() => setValue(`fates.${name}`, next, { shouldDirty: true }));
    if (next === "replaced") setFocus(`fields.${name}`);
    else setValue(`fields.${name}`, "");
  }

  const keep = (
    <Button size="sm" variant="ghost" aria-label={`Keep ${title}`} onClick={() => decide("kept")}>
      Keep
    </Button>
  );
  if (fate === "replaced")
    return <SecretValueField name={name} field={field} maxSecretBytes={maxSecretBytes} action={keep} />;
  return (
    <div className="flex min-h-9 flex-wrap items-center justify-between gap-x-3 gap-y-1">
      <div>
        <p className="font-medium">{title}</p>
        <p className="text-muted text-sm">
          {fate === "cleared" ? "Will be empty" : current ? <Kept current={current} /> : "Not set"}
        </p>
      </div>
      <div className="flex gap-2">
        {fate === "cleared" && keep}
        {fate === "kept" && current && field.schema.isOptional() && (
          <Button size="sm" variant="ghost" aria-label={`Clear ${title}`} onClick={() => decide("cleared")}>
            Clear
          </Button>
        )}
        {fate === "kept" && (
          <Button size="sm" aria-label={`${replace} ${title}`} onClick={() => decide("replaced")}>
            {replace}
          </Button>
        )}
      </div>
    </div>
  );
}

function Kept({ current: { setAt, version } }: { current: ReplaceableSecret["fields"][number] }) {
  return (
    <>
      Kept · set {setAt && <RelativeTime date={setAt} />}, version {version}
    </>
  );
}
