"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import { FormError } from "@/components/form/form-error";
import { signInWithPassword } from "@/components/sign-in/sign-in-with-password";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { PasswordInput } from "@/components/ui/password-input";
import { signInInput } from "@/lib/sessions/schema";

export function SignInForm({ returnTo }: { returnTo: string }) {
  const form = useForm({
    resolver: zodResolver(signInInput),
    defaultValues: { email: "", password: "" },
  });
  const { errors, isSubmitting, isSubmitSuccessful } = form.formState;
  const submit = form.handleSubmit(async (input) => {
    const refusal = await signInWithPassword(input);
    if (!refusal) return window.location.assign(returnTo);
    if (refusal.isWrong) form.setError("password", { message: refusal.text }, { shouldFocus: true });
    else form.setError("root", { message: refusal.text });
  });
  return (
    // Without `post`, a submit before hydration would put the password into the URL, and so into histories
    // and logs.
    <form method="post" onSubmit={submit} noValidate className="flex flex-col gap-5">
      <FormError error={errors.root?.message ?? null} />
      <Field label="E-mail" isRequired error={errors.email?.message}>
        <Input
          {...form.register("email")}
          type="email"
          autoComplete="username"
          autoFocus
          spellCheck={false}
        />
      </Field>
      <Field label="Password" isRequired error={errors.password?.message}>
        <PasswordInput {...form.register("password")} autoComplete="current-password" />
      </Field>
      <Button
        type="submit"
        variant="primary"
        className="w-full justify-center"
        isPending={isSubmitting || isSubmitSuccessful}
      >
        Sign in
      </Button>
    </form>
  );
}
