"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import { FormError } from "@/components/form/form-error";
import { useActionForm } from "@/components/form/use-action-form";
import { signInWithPassword } from "@/components/sign-in/sign-in-with-password";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { PasswordInput } from "@/components/ui/password-input";
import { joinAsNewPersonAction } from "@/lib/invitations/actions";
import { type NewPersonInput, newPersonInput } from "@/lib/invitations/schema";
import { waitText } from "@/lib/sessions/schema";

export function JoinAsNewPersonForm({ token, email }: { token: string; email: string }) {
  const form = useForm({ resolver: zodResolver(newPersonInput), defaultValues: { name: "", password: "" } });
  const join = (input: NewPersonInput) => joinAsNewPersonAction({ ...input, token });
  const { submit, formError } = useActionForm(join, form, {
    onOk: async ({ teamId }, { password }) => {
      const refusal = await signInWithPassword({ email, password });
      window.location.assign(refusal ? "/sign-in" : `/metadata/teams/${teamId}`);
    },
    texts: {
      no_invitation: "This invitation was used or revoked in the meantime. Ask for a new one.",
      busy: waitText("busy", 2),
      email_taken: "An account with this e-mail address exists now. Reload the page and sign in.",
    },
  });
  const { errors, isSubmitting } = form.formState;
  return (
    <form method="post" onSubmit={submit} noValidate className="flex flex-col gap-5">
      <FormError error={formError} />
      {/* Tells password managers to which account the new password belongs. */}
      <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
      <Field label="Your name" isRequired error={errors.name?.message} hint="Other people see this name.">
        <Input {...form.register("name")} autoComplete="name" autoFocus />
      </Field>
      <Field
        label="Password"
        isRequired
        error={errors.password?.message}
        hint="At least 12 characters. A few words together are easy to remember."
      >
        <PasswordInput {...form.register("password")} autoComplete="new-password" />
      </Field>
      <Button type="submit" variant="primary" className="w-full justify-center" isPending={isSubmitting}>
        Create account and join
      </Button>
    </form>
  );
}
