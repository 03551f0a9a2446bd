import { ConnectionField } from "@/components/connections/connection-field";
import { useConnectionForm } from "@/components/connections/connection-form-context";
import { CredentialNote } from "@/components/connections/credential-note";
import { GivenUser } from "@/components/connections/given-user";
import { FormError } from "@/components/form/form-error";
import type { useActionForm } from "@/components/form/use-action-form";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { fieldsOnForm, isUserGiven } from "@/lib/connectors/form";

/** Name, description, and the fields of the kind that apply to the current values. */
export function ConnectionFields({
  formError,
}: {
  formError: ReturnType<typeof useActionForm>["formError"];
}) {
  const { connector, form, properties, typeOf } = useConnectionForm();
  const { errors } = form.formState;
  return (
    <div className="flex flex-col gap-5 rounded-xl border border-line bg-surface p-5">
      <FormError error={formError} />
      <CredentialNote {...connector} />
      <Field label="Connection Name" error={errors.name?.message} isRequired>
        <Input
          autoComplete="off"
          {...form.register("name", { validate: (name) => name.trim() !== "" || "Enter a name." })}
        />
      </Field>
      <Field label="Description" error={errors.description?.message}>
        <Input autoComplete="off" {...form.register("description")} />
      </Field>
      {fieldsOnForm(connector.fields, properties).map((field) =>
        isUserGiven(field, connector.fields, properties, typeOf) ? (
          <GivenUser key={field.name} field={field} />
        ) : (
          <ConnectionField key={field.name} field={field} />
        ),
      )}
    </div>
  );
}
