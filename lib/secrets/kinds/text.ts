import { z } from "zod";
import { textValue } from "@/lib/secrets/kinds/value";

/** A string value, such as an access token. */
export const text = {
  subKind: "text",
  label: "Text",
  description: "A string value, such as an access token or a private key",
  fields: z.object({ value: textValue({ title: "Value" }) }),
} as const;
