import { defineSecretKind, textField } from "@/lib/secrets/kinds/define";

/** A username and its password, for every sign-in that has both. */
export const usernamePassword = defineSecretKind({
  subKind: "username_password",
  label: "Username & Password",
  description: "A user and its password, for databases, SFTP, mail and basic authentication",
  icon: "login",
  shape: "fields",
  fields: {
    username: textField({ title: "Username", control: "line", maxBytes: 1024 }),
    password: textField({ title: "Password", control: "password" }),
  },
  givesUser: true,
});
