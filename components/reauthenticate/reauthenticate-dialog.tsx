"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { signIn } from "next-auth/react";
import { DialogForm } from "@/components/form/dialog-form";
import { useSignInMethods } from "@/components/reauthenticate/sign-in-methods";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogClose, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { PasswordInput } from "@/components/ui/password-input";
import { reauthenticateAction } from "@/lib/reauthentication/actions";
import { reauthenticateInput } from "@/lib/sessions/schema";

const resolver = zodResolver(reauthenticateInput);
export function ReauthenticateDialog({
  isOpen,
  onConfirmed,
  onClose,
}: {
  isOpen: boolean;
  onConfirmed: () => void;
  onClose: () => void;
}) {
  const { hasPassword } = useSignInMethods();
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      size="sm"
      title="Confirm your identity"
      description="Changes to people, tokens and destinations, and the deletion of a fabric, require a sign-in within the last ten minutes."
    >
      {hasPassword ? <PasswordForm onConfirmed={onConfirmed} /> : <SignInAgain />}
    </Dialog>
  );
}

function PasswordForm({ onConfirmed }: { onConfirmed: () => void }) {
  return (
    <DialogForm
      resolver={resolver}
      defaultValues={{ password: "" }}
      action={reauthenticateAction}
      onOk={onConfirmed}
      submitLabel="Confirm"
      unguarded={["password"]}
    >
      {({ register, formState: { errors } }) => (
        <Field label="Password" isRequired error={errors.password?.message}>
          <PasswordInput {...register("password")} autoComplete="current-password" />
        </Field>
      )}
    </DialogForm>
  );
}

function SignInAgain() {
  const { openIdName } = useSignInMethods();
  // Makes the provider ask the person to sign in again, however recent the last sign-in.
  const again = () =>
    signIn("oidc", { callbackUrl: window.location.href }, { prompt: "login", max_age: "0" });
  return (
    <>
      <DialogBody>
        <p>
          You sign in with {openIdName ?? "single sign-on"}. Sign in there again to return to this page.
          Unsaved input on this page is lost.
        </p>
      </DialogBody>
      <DialogFooter>
        <DialogClose>Cancel</DialogClose>
        <Button variant="primary" onClick={again}>
          Sign in again
        </Button>
      </DialogFooter>
    </>
  );
}
