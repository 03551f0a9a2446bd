"use client";

import { useFormContext } from "react-hook-form";
import { Field } from "@/components/ui/field";
import { Select } from "@/components/ui/select";
import type { Owner } from "@/lib/expiry/schema";

/** The member who takes care of a thing. */
export function OwnerField({
  owners: offered,
  owner,
}: {
  owners: readonly Owner[];
  /** The present one, whom a long list may leave out. */
  owner: Owner | null;
}) {
  const owners = owner && !offered.some(({ id }) => id === owner.id) ? [owner, ...offered] : offered;
  const { register, formState } = useFormContext<{ ownerId: string }>();
  return (
    <Field
      label="Owner"
      isRequired
      error={formState.errors.ownerId?.message}
      hint="The owner gets the reminders that this installation sends. When the owner leaves the team, its Admins get them."
    >
      <Select {...register("ownerId")}>
        <option value="">Admins of the team</option>
        {owners.map(({ id, name, email }) => (
          <option key={id} value={id}>
            {`${name} (${email})`}
          </option>
        ))}
      </Select>
    </Field>
  );
}
