import { z } from "zod";

/** A file, such as a certificate, stored byte for byte. */
export const binary = {
  subKind: "binary",
  label: "Binary",
  description: "A file that you upload, such as an SSL certificate",
  fields: z.object({
    value: z
      .instanceof(Uint8Array, { message: "Choose a file." })
      .refine((bytes) => bytes.length > 0, "The file is empty.")
      .meta({ title: "Value" }),
  }),
} as const;
