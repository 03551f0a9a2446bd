import { defineSecretKind, textField } from "@/lib/secrets/kinds/define";

/** A string value, such as an access token. */
export const text = defineSecretKind({
  subKind: "text",
  label: "Text",
  description: "A string value, such as an access token or a private key",
  icon: "key",
  shape: "text",
  fields: { value: textField({ title: "Value", control: "lines" }) },
});
