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
  const [only, ...others] = allowed;
  if (only !== undefined && others.length === 0) return <OnlyType subKind={only} />;
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
              className="mt-1 size-4 shrink-0 accent-accent"
            />
            <span className="min-w-0">
              <span className="flex items-center gap-1.5 font-medium">
                <SecretKindIcon
                  subKind={subKind}
                  className={cx(
                    "size-4 shrink-0",
                    field.value === subKind ? "text-accent-text" : "text-muted",
                  )}
                />
                <span id={`secret-type-${subKind}`}>{secretKinds[subKind].label}</span>
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

/** The type of a field that takes no other. */
function OnlyType({ subKind }: { subKind: SubKind }) {
  return (
    <div className="flex flex-col gap-1.5">
      <p className="font-medium">Secret Type</p>
      <p className="flex items-center gap-1.5 text-muted">
        <SecretKindIcon subKind={subKind} className="size-4 shrink-0" />
        {secretKinds[subKind].label}
      </p>
    </div>
  );
}
