"use client";

import { FormProvider, type Resolver, useForm } from "react-hook-form";
import { entryTexts } from "@/components/entry-links/entry-texts";
import { FormError } from "@/components/form/form-error";
import { useActionForm } from "@/components/form/use-action-form";
import { emptyValues, resolved, type SecretValues, valueInput } from "@/components/secrets/secret-form";
import { SecretValueFields } from "@/components/secrets/secret-value-fields";
import { Button } from "@/components/ui/button";
import { enterValueAction } from "@/lib/entry-links/actions";
import { type EnterValueInput, enterValueInput, maxEnteredBytes } from "@/lib/entry-links/schema";
import type { SubKind } from "@/lib/secrets/kinds/registry";

/** The form of somebody with an entry link: the fields of the secret's type. */
export function EnterValueForm({
  token,
  subKind,
  maxBytes,
  onDone,
}: {
  token: string;
  subKind: SubKind;
  maxBytes: number;
  onDone: () => void;
}) {
  const resolver: Resolver<SecretValues, unknown, EnterValueInput> = async (values, _context, options) => {
    const { fields, fileName } = await valueInput(subKind, values);
    const input = { token, subKind, fields, ...(fileName ? { fileName } : {}) };
    return resolved(enterValueInput.safeParse(input), options);
  };
  const form = useForm<SecretValues, unknown, EnterValueInput>({ resolver, defaultValues: emptyValues });
  const { submit, formError } = useActionForm(enterValueAction, form, {
    texts: entryTexts,
    onOk: () => onDone(),
  });
  return (
    <FormProvider {...form}>
      <form onSubmit={submit} noValidate autoComplete="off" className="flex flex-col gap-5">
        <FormError error={formError} />
        <SecretValueFields subKind={subKind} maxSecretBytes={maxBytes} maxTextBytes={maxEnteredBytes} />
        <Button
          type="submit"
          variant="primary"
          className="w-full justify-center"
          isPending={form.formState.isSubmitting}
        >
          Seal and send
        </Button>
      </form>
    </FormProvider>
  );
}
