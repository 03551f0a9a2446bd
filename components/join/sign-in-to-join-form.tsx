"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import { FormError } from "@/components/form/form-error";
import { signInWithPassword } from "@/components/sign-in/sign-in-with-password";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { PasswordInput } from "@/components/ui/password-input";
import { reauthenticateInput } from "@/lib/sessions/schema";

/**
 * For a person with an account. Signing in on this page keeps the invitation link out of other addresses,
 * where it could leak.
 */
export function SignInToJoinForm({ email }: { email: string }) {
  const form = useForm({ resolver: zodResolver(reauthenticateInput), defaultValues: { password: "" } });
  const { errors, isSubmitting } = form.formState;
  const submit = form.handleSubmit(async ({ password }) => {
    const refusal = await signInWithPassword({ email, password });
    if (!refusal) return window.location.reload();
    if (refusal.isWrong) form.setError("password", { message: "Wrong password." }, { shouldFocus: true });
    else form.setError("root", { message: refusal.text });
  });
  return (
    <form method="post" onSubmit={submit} noValidate className="flex flex-col gap-5">
      <p>You already have an account. Sign in to join.</p>
      <FormError error={errors.root?.message ?? null} />
      <Field label="Password" isRequired error={errors.password?.message}>
        <PasswordInput {...form.register("password")} autoComplete="current-password" autoFocus />
      </Field>
      <Button type="submit" variant="primary" className="w-full justify-center" isPending={isSubmitting}>
        Sign in
      </Button>
    </form>
  );
}
