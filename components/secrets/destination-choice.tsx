"use client";

import { useController, useFormContext } from "react-hook-form";
import type { ReplaceFormValues } from "@/components/secrets/replace-form";
import { Checkbox } from "@/components/ui/checkbox";
import { RelativeTime } from "@/components/ui/relative-time";
import { formatDestination } from "@/lib/connectors/format-destination";
import type { ReplaceableSecret } from "@/lib/secrets/schema";

/** Chooses the former value's destinations to which the new value may be sent. */
export function DestinationChoice({
  secret: { destinations, authorities, fields },
}: {
  secret: Pick<ReplaceableSecret, "destinations" | "authorities" | "fields">;
}) {
  const { field } = useController({
    name: "destinationIds",
    control: useFormContext<ReplaceFormValues>().control,
  });
  if (destinations.length === 0) return null;
  return (
    <fieldset className="min-w-0 rounded-lg border border-line bg-sunken px-4 py-3">
      <legend className="sr-only">Destinations that stay allowed for the new value</legend>
      <p aria-hidden className="font-medium">
        Destinations that stay allowed for the new value
      </p>
      <p className="mb-2 text-muted text-sm">
        {fields.length > 1 &&
          "They stay allowed only if you replace every field, or entered the others yourself. "}
        Any other destination must be allowed again when a connection uses it.
      </p>
      <div className="flex flex-col gap-1 [overflow-wrap:anywhere]">
        {destinations.map(({ id, destination, createdByName, createdAt }) => (
          <Checkbox
            key={id}
            label={formatDestination(destination, authorities)}
            hint={
              <>
                Allowed by {createdByName} <RelativeTime date={createdAt} />
              </>
            }
            checked={field.value.includes(id)}
            onChange={({ target }) =>
              field.onChange(
                target.checked ? [...field.value, id] : field.value.filter((chosen) => chosen !== id),
              )
            }
          />
        ))}
      </div>
    </fieldset>
  );
}
