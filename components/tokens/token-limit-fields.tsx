import type { UseFormReturn } from "react-hook-form";
import type { z } from "zod";
import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/textarea";
import type { CreateTokenInput, createTokenInput } from "@/lib/tokens/schema";

type Form = UseFormReturn<z.input<typeof createTokenInput>, unknown, CreateTokenInput>;

/** What a token may be limited to. Empty fields limit nothing. */
export function TokenLimitFields({ form }: { form: Form }) {
  const { errors } = form.formState;
  return (
    <>
      <Field
        label="Only these secrets"
        error={errors.onlySecrets?.message}
        hint="Names, one a line. With secrets or connections given, the token reaches nothing else."
      >
        <Textarea {...form.register("onlySecrets")} rows={2} spellCheck={false} />
      </Field>
      <Field
        label="Only these connections"
        error={errors.onlyConnections?.message}
        hint="Names, one a line. The token reads each connection with the secrets that it references."
      >
        <Textarea {...form.register("onlyConnections")} rows={2} spellCheck={false} />
      </Field>
      <Field
        label="Only from these addresses"
        error={errors.onlyFrom?.message}
        hint="Addresses or ranges, one a line, such as 10.1.0.0/16."
      >
        <Textarea {...form.register("onlyFrom")} rows={2} spellCheck={false} />
      </Field>
    </>
  );
}
