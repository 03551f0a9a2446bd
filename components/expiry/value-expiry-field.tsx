"use client";

import { useFormContext, useWatch } from "react-hook-form";
import { ExpiryDate } from "@/components/expiry/expiry-date";
import { ExpiryField } from "@/components/expiry/expiry-field";
import type { SecretValues } from "@/components/secrets/secret-form";
import { expiryOfText } from "@/lib/secrets/kinds/expiry-of-text";
import type { ReplaceableSecret } from "@/lib/secrets/schema";

/**
 * The expiry of a value that is being entered. Shows the date that the value carries; an entered date counts instead.
 * `current` is that of the value to replace: the new one has it only if somebody enters it again.
 */
export function ValueExpiryField({ current }: { current?: ReplaceableSecret["expiry"] }) {
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
        ) : current?.source === "entered" ? (
          <>
            The current value expires on{" "}
            <ExpiryDate expiry={{ at: new Date(current.at), source: "entered" }} />. If you leave this empty,
            the new one never expires, unless it carries a date itself.
          </>
        ) : (
          "The owner is reminded before this day. Leave it empty to use the date in the certificate, token or key, if there is one."
        )
      }
    />
  );
}
