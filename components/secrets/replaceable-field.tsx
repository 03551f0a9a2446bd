"use client";

import { useRef } from "react";
import { flushSync } from "react-dom";
import { useFormContext, useWatch } from "react-hook-form";
import type { FieldChange, ReplaceFormValues } from "@/components/secrets/replace-form";
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
  const change = useWatch({ control, name: `changes.${name}` }) ?? "kept";
  const row = useRef<HTMLDivElement>(null);
  const { title } = field;
  const replace = current ? "Replace" : "Set";

  function decide(next: FieldChange) {
    clearErrors("root");
    clearErrors(`fields.${name}`);
    flushSync(() => setValue(`changes.${name}`, next, { shouldDirty: true }));
    if (next === "replaced") return setFocus(`fields.${name}`);
    setValue(`fields.${name}`, "");
    // The pressed button is gone.
    [...(row.current?.querySelectorAll("button") ?? [])].at(-1)?.focus();
  }

  const keep = (
    <Button size="sm" variant="ghost" aria-label={`Keep ${title}`} onClick={() => decide("kept")}>
      Keep
    </Button>
  );
  if (change === "replaced")
    return <SecretValueField name={name} field={field} maxSecretBytes={maxSecretBytes} action={keep} />;
  return (
    <div ref={row} className="flex min-h-9 flex-wrap items-center justify-between gap-x-3 gap-y-1">
      <div>
        <p className="font-medium">{title}</p>
        <p className="text-muted text-sm">
          {change === "cleared" ? "Will be cleared" : current ? <Kept current={current} /> : "Not set"}
        </p>
      </div>
      <div className="flex gap-2">
        {change === "cleared" && keep}
        {change === "kept" && current && field.schema.isOptional() && (
          <Button size="sm" variant="ghost" aria-label={`Clear ${title}`} onClick={() => decide("cleared")}>
            Clear
          </Button>
        )}
        {change === "kept" && (
          <Button
            size="sm"
            aria-label={`${replace} ${title}`}
            data-first-field=""
            onClick={() => decide("replaced")}
          >
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
