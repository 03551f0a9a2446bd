import { z } from "zod";
import { textValue } from "@/lib/secrets/kinds/value";

/** A username and a password, for basic authentication. */
export const usernamePassword = {
  subKind: "username_password",
  label: "Username & Password",
  description: "Two-field credential for basic authentication",
  fields: z.object({
    username: textValue({ title: "Username", maxBytes: 1024 }),
    password: textValue({ title: "Password" }),
  }),
} as const;
