"use client";

import { useController, useFormContext } from "react-hook-form";
import { SecretKindIcon } from "@/components/secrets/secret-kind-icon";
import { cx } from "@/components/ui/class-names";
import { type SubKind, secretKinds } from "@/lib/secrets/kinds/registry";

export function SecretTypeField({ allowed }: { allowed: readonly SubKind[] }) {
  const { field } = useController<{ subKind: SubKind }, "subKind">({
    name: "subKind",
    control: useFormContext<{ subKind: SubKind }>().control,
  });
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1.5 font-medium">Secret Type</legend>
      <div className="grid gap-2 sm:grid-cols-2">
        {allowed.map((subKind) => (
          <label
            key={subKind}
            className={cx(
              "relative flex cursor-pointer items-start gap-3 rounded-lg border p-3 transition-colors",
              "has-focus-visible:outline-2 has-focus-visible:outline-ring has-focus-visible:outline-offset-2",
              field.value === subKind
                ? "border-accent bg-accent-soft"
                : "border-line-strong bg-surface hover:bg-hover",
            )}
          >
            <input
              type="radio"
              ref={field.value === subKind ? field.ref : undefined}
              name={field.name}
              value={subKind}
              checked={field.value === subKind}
              onChange={() => field.onChange(subKind)}
              onBlur={field.onBlur}
              aria-labelledby={`secret-type-${subKind}`}
              aria-describedby={`secret-type-${subKind}-about`}
              className="sr-only"
            />
            <SecretKindIcon
              subKind={subKind}
              className={cx(
                "mt-0.5 size-4.5 shrink-0",
                field.value === subKind ? "text-accent-text" : "text-muted",
              )}
            />
            <span className="min-w-0">
              <span id={`secret-type-${subKind}`} className="block font-medium">
                {secretKinds[subKind].label}
              </span>
              <span id={`secret-type-${subKind}-about`} className="block text-muted text-sm">
                {secretKinds[subKind].description}
              </span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
