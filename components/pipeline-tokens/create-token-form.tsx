"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import type { z } from "zod";
import { FormError } from "@/components/form/form-error";
import { useActionForm } from "@/components/form/use-action-form";
import { TokenLimitFields } from "@/components/pipeline-tokens/token-limit-fields";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { Button } from "@/components/ui/button";
import { DialogBody, DialogCancel, DialogFooter } from "@/components/ui/dialog";
import { useDialogGuard } from "@/components/ui/dialog-guard";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { createPipelineTokenAction } from "@/lib/pipeline-tokens/actions";
import {
  type CreatePipelineTokenInput,
  createPipelineTokenInput,
  tokenLifetimeKeys,
  tokenLifetimes,
} from "@/lib/pipeline-tokens/schema";

const texts = {
  automate_unavailable: "Tokens can't be created right now: Automate does not answer. Nothing was created.",
  // No error when the person cancels the sign-in: the form stays open.
  reauthenticate: "",
};

export function CreateTokenForm({
  fabricId,
  onCreated,
}: {
  fabricId: string;
  onCreated: (token: string) => void;
}) {
  const { protect, dialog } = useReauthenticate();
  const form = useForm<z.input<typeof createPipelineTokenInput>, unknown, CreatePipelineTokenInput>({
    resolver: zodResolver(createPipelineTokenInput),
    defaultValues: { name: "", lifetime: "90", onlySecrets: "", onlyConnections: "", onlyFrom: "" },
  });
  const { errors, isDirty, isSubmitting } = form.formState;
  const { submit, formError } = useActionForm(
    protect((input: CreatePipelineTokenInput) => createPipelineTokenAction(fabricId, input)),
    form,
    { texts, onOk: ({ token }) => onCreated(token) },
  );
  useDialogGuard(isDirty);

  return (
    <>
      <form className="contents" onSubmit={submit} noValidate>
        <DialogBody>
          <FormError error={formError} />
          <Field
            label="Name"
            error={errors.name?.message}
            isRequired
            hint="Name the pipeline that will use it: Activity shows this name."
          >
            <Input {...form.register("name")} autoComplete="off" maxLength={128} />
          </Field>
          <Field label="Expires after" error={errors.lifetime?.message} isRequired>
            <Select
              {...form.register("lifetime")}
              options={tokenLifetimeKeys.map((key) => ({ value: key, label: tokenLifetimes[key].label }))}
            />
          </Field>
          <TokenLimitFields register={(name) => form.register(name)} errors={errors} />
        </DialogBody>
        <DialogFooter>
          <DialogCancel />
          <Button type="submit" variant="primary" isPending={isSubmitting}>
            Create
          </Button>
        </DialogFooter>
      </form>
      {dialog}
    </>
  );
}
