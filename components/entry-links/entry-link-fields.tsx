"use client";

import { useController, useFormContext, useWatch } from "react-hook-form";
import { Checkbox } from "@/components/ui/checkbox";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Textarea } from "@/components/ui/textarea";
import { formatDestination } from "@/lib/connectors/format-destination";
import { type DestinationOption, entryLifetimes } from "@/lib/entry-links/schema";
import { type SubKind, secretKinds, subKinds } from "@/lib/secrets/kinds/registry";
import { undoHours } from "@/lib/secrets/schema";

export type EntryLinkFormValues = {
  name: string;
  note: string;
  lifetime: string;
  secretId: string;
  secretName: string;
  subKind: string;
  destinations: string[];
};

const types = subKinds.map((value) => ({ value, label: secretKinds[value].label }));
const lifetimes = Object.entries(entryLifetimes).map(([value, label]) => ({ value, label }));

/** The fields of a new entry link. */
export function EntryLinkFields({
  secret,
  options,
  authorities,
}: {
  /** Null for a new secret; `connections` counts those that use it. */
  secret: { subKind: SubKind; connections: number } | null;
  options: readonly DestinationOption[];
  authorities: Readonly<Record<string, string>>;
}) {
  const { register, setValue, control, formState } = useFormContext<EntryLinkFormValues>();
  const { errors } = formState;
  const chosen = useWatch({ control, name: "subKind" });
  const subKind = secret?.subKind ?? chosen;
  return (
    <>
      {secret && <p className="text-muted">{becomesCurrent(secret.connections)}</p>}
      <Field
        label="For whom"
        error={errors.name?.message}
        isRequired
        hint="The person or company who will enter it. Activity shows this name as the author of the value."
      >
        <Input {...register("name")} maxLength={64} />
      </Field>
      {!secret && (
        <>
          <Field label="Name of the secret" error={errors.secretName?.message} isRequired>
            <Input {...register("secretName")} maxLength={128} spellCheck={false} autoCapitalize="off" />
          </Field>
          <Field label="Secret Type" error={errors.subKind?.message} isRequired>
            <Select
              {...register("subKind", { onChange: () => setValue("destinations", []) })}
              options={types}
            />
          </Field>
        </>
      )}
      <DestinationBoxes
        options={options.filter((one) => one.subKind === subKind)}
        authorities={authorities}
        error={errors.destinations?.message}
      />
      <Field label="The link is valid for" error={errors.lifetime?.message} isRequired>
        <Select {...register("lifetime")} options={lifetimes} />
      </Field>
      <Field label="Message" error={errors.note?.message} hint="They see it above the form.">
        <Textarea {...register("note")} rows={2} maxLength={280} />
      </Field>
    </>
  );
}

/** What happens to a secret that has a value already. */
function becomesCurrent(connections: number): string {
  const checked =
    connections === 0
      ? ""
      : connections === 1
        ? " Then Selvage checks the connection that uses it."
        : ` Then Selvage checks the ${connections} connections that use it.`;
  return `The value becomes current when it is entered, for pipelines, too.${checked} You can go back to the present value for ${undoHours} hours.`;
}

function DestinationBoxes({
  options,
  authorities,
  error,
}: {
  options: readonly DestinationOption[];
  authorities: Readonly<Record<string, string>>;
  error: string | undefined;
}) {
  const { field } = useController<EntryLinkFormValues, "destinations">({
    name: "destinations",
    control: useFormContext<EntryLinkFormValues>().control,
  });
  return (
    <fieldset className="min-w-0 rounded-lg border border-line bg-sunken px-4 py-3">
      <legend className="sr-only">Destinations</legend>
      <p aria-hidden className="font-medium">
        Destinations
      </p>
      <p className="text-muted text-sm">
        {options.length === 0
          ? "No connection of this fabric names a destination for such a value. An Admin allows destinations later."
          : "They are shown these, and thereby allow them. Any other destination needs an Admin."}
      </p>
      <div className="mt-2 flex flex-col gap-1 empty:hidden [overflow-wrap:anywhere]">
        {options.map(({ destination, connections }) => (
          <Checkbox
            key={destination}
            label={formatDestination(destination, authorities)}
            hint={`For ${connections.slice(0, 3).join(", ")}${connections.length > 3 ? ` and ${connections.length - 3} more` : ""}`}
            checked={field.value.includes(destination)}
            onChange={({ target }) =>
              field.onChange(
                target.checked
                  ? [...field.value, destination]
                  : field.value.filter((one) => one !== destination),
              )
            }
          />
        ))}
      </div>
      {error && <p className="text-danger-text text-sm">{error}</p>}
    </fieldset>
  );
}
