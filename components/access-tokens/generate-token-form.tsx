"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import { FormError } from "@/components/form/form-error";
import { useActionForm } from "@/components/form/use-action-form";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { Button } from "@/components/ui/button";
import { DialogBody, DialogCancel, DialogFooter } from "@/components/ui/dialog";
import { useDialogGuard } from "@/components/ui/dialog-guard";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { createAccessTokenAction } from "@/lib/access-tokens/actions";
import {
  accessTokenLifetimeKeys,
  accessTokenLifetimes,
  type CreateAccessTokenInput,
  createAccessTokenInput,
} from "@/lib/access-tokens/schema";

const lifetimes = accessTokenLifetimeKeys.map((key) => ({
  value: key,
  label: accessTokenLifetimes[key].label,
}));
// No error when the person cancels the sign-in: the form stays open.
const texts = { reauthenticate: "" };

export function GenerateTokenForm({ onCreated }: { onCreated: (token: string) => void }) {
  const { protect, dialog } = useReauthenticate();
  const form = useForm<CreateAccessTokenInput>({
    resolver: zodResolver(createAccessTokenInput),
    defaultValues: { name: "", lifetime: "90" },
  });
  const { errors, isDirty, isSubmitting } = form.formState;
  const { submit, formError } = useActionForm(protect(createAccessTokenAction), form, {
    texts,
    onOk: ({ token }) => onCreated(token),
  });
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
            hint="Name the script or machine that will use it: Activity shows this name."
          >
            <Input {...form.register("name")} autoComplete="off" maxLength={128} />
          </Field>
          <Field label="Expires after" error={errors.lifetime?.message} isRequired>
            <Select {...form.register("lifetime")} options={lifetimes} />
          </Field>
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
