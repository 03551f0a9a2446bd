"use client";

import { useFormContext, useWatch } from "react-hook-form";
import { ExpiryDate } from "@/components/expiry/expiry-date";
import { ExpiryField } from "@/components/expiry/expiry-field";
import type { SecretValues } from "@/components/secrets/secret-form";
import { expiryOfText } from "@/lib/secrets/kinds/expiry-of-text";

/** The expiry of a value that is being entered. Shows the date that the value carries; an entered date counts instead. */
export function ValueExpiryField() {
  const { control } = useFormContext<SecretValues & { expiresAt: string }>();
  const fields = useWatch({ control, name: "fields" });
  const [found] = Object.values(fields)
    .flatMap((text) => expiryOfText(text) ?? [])
    .sort((one, other) => one.at.localeCompare(other.at));
  return (
    <ExpiryField
      hint={
        found ? (
          <>
            Empty: <ExpiryDate expiry={{ at: new Date(found.at), source: found.source }} withSource />.
          </>
        ) : (
          "The owner is reminded before this day. Leave it empty to use the date in the certificate, token or key, if there is one."
        )
      }
    />
  );
}
