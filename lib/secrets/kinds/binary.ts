import * as z from "zod";
import { defineSecretKind } from "@/lib/secrets/kinds/define";

/** A file, such as a certificate, stored byte for byte. */
export const binary = defineSecretKind({
  subKind: "binary",
  label: "Binary",
  description: "A file that you upload, such as an SSL certificate",
  icon: "file",
  shape: "file",
  fields: {
    value: {
      title: "Value",
      control: "file",
      encoding: "base64",
      schema: z
        .instanceof(Uint8Array, { message: "Choose a file." })
        .refine((bytes) => bytes.length > 0, "The file is empty."),
    },
  },
});
