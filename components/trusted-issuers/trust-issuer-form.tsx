"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import type { z } from "zod";
import { FormError } from "@/components/form/form-error";
import { useActionForm } from "@/components/form/use-action-form";
import { TokenLimitFields } from "@/components/pipeline-tokens/token-limit-fields";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { DialogBody, DialogCancel, DialogFooter } from "@/components/ui/dialog";
import { useDialogGuard } from "@/components/ui/dialog-guard";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Textarea } from "@/components/ui/textarea";
import { useToast } from "@/components/ui/toast";
import { createIssuerAction } from "@/lib/trusted-issuers/actions";
import { audienceOf, type CreateIssuerInput, createIssuerInput } from "@/lib/trusted-issuers/schema";

const texts = {
  automate_unavailable: "Automate does not answer just now. Nothing was changed.",
  // No error when the person cancels the sign-in: the form stays open.
  reauthenticate: "",
};

const fields = [
  {
    name: "name",
    label: "Name",
    hint: "Activity shows it before the name of the workload.",
    placeholder: "Cluster production",
  },
  {
    name: "issuer",
    label: "Issuer",
    hint: "The “iss” claim of its tokens. Automate reads its keys by OpenID Connect Discovery.",
    placeholder: "https://oidc.eks.eu-west-1.amazonaws.com/id/0123ABCD",
  },
  {
    name: "audience",
    label: "Audience",
    hint: "The “aud” claim. Have the workload request a token with it. It contains the fabric’s ID, so the token opens no other fabric.",
    placeholder: "",
  },
  {
    name: "subject",
    label: "Subject",
    hint: "The “sub” claim of the workloads’ tokens. * matches anything except “:” and “/”.",
    placeholder: "system:serviceaccount:etl:*",
  },
] as const;

export function TrustIssuerForm({ fabricId, onDone }: { fabricId: string; onDone: () => void }) {
  const toast = useToast();
  const { protect, dialog } = useReauthenticate();
  const form = useForm<z.input<typeof createIssuerInput>, unknown, CreateIssuerInput>({
    resolver: zodResolver(createIssuerInput),
    defaultValues: {
      name: "",
      issuer: "",
      audience: audienceOf(fabricId),
      subject: "",
      onlySecrets: "",
      onlyConnections: "",
      onlyFrom: "",
      keys: "",
    },
  });
  const { errors, isDirty, isSubmitting } = form.formState;
  const { submit, formError } = useActionForm(
    protect((input: CreateIssuerInput) => createIssuerAction(fabricId, input)),
    form,
    {
      texts,
      onOk: (_value, { name }) => {
        onDone();
        toast("Issuer trusted", { description: name });
      },
    },
  );
  useDialogGuard(isDirty);
  return (
    <>
      <form className="contents" onSubmit={submit} noValidate>
        <DialogBody>
          <FormError error={formError} />
          {fields.map(({ name, label, hint, placeholder }) => (
            <Field
              key={name}
              label={label}
              hint={hint}
              error={errors[name]?.message}
              isRequired
              action={
                name === "audience" && (
                  <CopyButton text={audienceOf(fabricId)} label="Copy the fabric's audience" />
                )
              }
            >
              <Input {...form.register(name)} autoComplete="off" placeholder={placeholder} maxLength={512} />
            </Field>
          ))}
          <Field
            label="Public keys"
            error={errors.keys?.message}
            hint="Only if Automate can’t reach the issuer. Paste its JWKS, such as the output of “kubectl get --raw /openid/v1/jwks”. Automate then never asks the issuer. When the keys change, trust it again with the new ones."
          >
            <Textarea {...form.register("keys")} rows={3} spellCheck={false} autoComplete="off" />
          </Field>
          <TokenLimitFields register={(name) => form.register(name)} errors={errors} />
        </DialogBody>
        <DialogFooter>
          <DialogCancel />
          <Button type="submit" variant="primary" isPending={isSubmitting}>
            Trust
          </Button>
        </DialogFooter>
      </form>
      {dialog}
    </>
  );
}
