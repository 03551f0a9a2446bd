import type { FieldError, UseFormRegisterReturn } from "react-hook-form";
import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/textarea";
import type { LimitInput } from "@/lib/pipeline-tokens/schema";

/** The limits of a token or a workload. Empty fields do not limit. */
export function TokenLimitFields({
  register,
  errors,
}: {
  register: (name: keyof LimitInput) => UseFormRegisterReturn;
  errors: { [Name in keyof LimitInput]?: FieldError | undefined };
}) {
  return (
    <>
      <Field
        label="Only these secrets"
        error={errors.onlySecrets?.message}
        hint="Names, one a line. With secrets or connections given, nothing else is reached."
      >
        <Textarea {...register("onlySecrets")} rows={2} spellCheck={false} />
      </Field>
      <Field
        label="Only these connections"
        error={errors.onlyConnections?.message}
        hint="Names, one a line. Each is read with the secrets that it references now: the list then names them."
      >
        <Textarea {...register("onlyConnections")} rows={2} spellCheck={false} />
      </Field>
      <Field
        label="Only from these addresses"
        error={errors.onlyFrom?.message}
        hint="Addresses or ranges, one a line, such as 10.1.0.0/16."
      >
        <Textarea {...register("onlyFrom")} rows={2} spellCheck={false} />
      </Field>
    </>
  );
}
