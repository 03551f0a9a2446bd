"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useFormContext } from "react-hook-form";
import { DialogForm } from "@/components/form/dialog-form";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { confirmAddressAction } from "@/lib/reminders/actions";
import { confirmAddressInput } from "@/lib/reminders/schema";

const resolver = zodResolver(confirmAddressInput);
const texts = {
  no_code: "No code is valid: it has expired, or was wrong too often. Close this and send another one.",
};

export function ConfirmAddressButton({ email }: { email: string }) {
  const dialog = useDialog();
  const toast = useToast();
  return (
    <>
      <Button variant="primary" onClick={dialog.open}>
        Enter code
      </Button>
      <Dialog isOpen={dialog.isOpen} onClose={dialog.close} title="Verify your address">
        <DialogForm
          resolver={resolver}
          defaultValues={{ code: "" }}
          action={(input) => confirmAddressAction(input)}
          texts={texts}
          onOk={() => toast("Address verified", { description: email })}
          submitLabel="Verify"
        >
          <CodeField email={email} />
        </DialogForm>
      </Dialog>
    </>
  );
}

function CodeField({ email }: { email: string }) {
  const { register, formState } = useFormContext<{ code: string }>();
  return (
    <Field
      label="Code"
      isRequired
      error={formState.errors.code?.message}
      hint={`The 8 digits of the e-mail to ${email}. Spaces do not matter.`}
    >
      <Input {...register("code")} inputMode="numeric" autoComplete="one-time-code" className="sm:w-48" />
    </Field>
  );
}
