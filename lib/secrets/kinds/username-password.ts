import { defineSecretKind, textField } from "@/lib/secrets/kinds/define";

/** A username and a password, for basic authentication. */
export const usernamePassword = defineSecretKind({
  subKind: "username_password",
  label: "Username & Password",
  description: "Two-field credential for basic authentication",
  icon: "login",
  shape: "fields",
  fields: {
    username: textField({ title: "Username", control: "line", maxBytes: 1024 }),
    password: textField({ title: "Password", control: "password" }),
  },
});
