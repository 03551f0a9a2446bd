"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { Plus } from "lucide-react";
import { TokenLimitFields } from "@/components/pipeline-tokens/token-limit-fields";
import { ProtectedDialogForm } from "@/components/reauthenticate/protected-dialog-form";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Textarea } from "@/components/ui/textarea";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { createIssuerAction } from "@/lib/trusted-issuers/actions";
import { audienceOf, createIssuerInput } from "@/lib/trusted-issuers/schema";

const resolver = zodResolver(createIssuerInput);

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

export function AddIssuerButton({ fabricId }: { fabricId: string }) {
  const dialog = useDialog();
  const toast = useToast();
  const audience = audienceOf(fabricId);
  return (
    <>
      <Button icon={<Plus aria-hidden />} onClick={dialog.open}>
        Add trusted issuer
      </Button>
      <Dialog
        isOpen={dialog.isOpen}
        onClose={dialog.close}
        title="Add trusted issuer"
        description="Workloads with a token from this issuer can read every secret of this fabric, unless you limit them below."
      >
        <ProtectedDialogForm
          resolver={resolver}
          defaultValues={{
            name: "",
            issuer: "",
            audience,
            subject: "",
            onlySecrets: "",
            onlyConnections: "",
            onlyFrom: "",
            keys: "",
          }}
          action={(input) => createIssuerAction(fabricId, input)}
          onOk={(_none, { name }) => toast("Trusted issuer added", { description: name })}
          submitLabel="Add"
        >
          {({ register, formState: { errors } }) => (
            <>
              {fields.map(({ name, label, hint, placeholder }) => (
                <Field
                  key={name}
                  label={label}
                  hint={hint}
                  error={errors[name]?.message}
                  isRequired
                  action={
                    name === "audience" && <CopyButton text={audience} label="Copy the fabric’s audience" />
                  }
                >
                  <Input {...register(name)} placeholder={placeholder} maxLength={512} />
                </Field>
              ))}
              <Field
                label="Public keys"
                error={errors.keys?.message}
                hint="Only if Automate can’t reach the issuer. Paste its JWKS, such as the output of “kubectl get --raw /openid/v1/jwks”. Automate then never contacts the issuer. When the keys change, add the issuer again with the new ones."
              >
                <Textarea {...register("keys")} rows={3} spellCheck={false} />
              </Field>
              <TokenLimitFields />
            </>
          )}
        </ProtectedDialogForm>
      </Dialog>
    </>
  );
}
