import { z } from "zod";

/** The largest text field, in bytes of UTF-8. */
export const maxTextBytes = 64 * 1024;

/** A secret string, stored byte for byte: never trimmed or normalised. */
export function textValue({ title, maxBytes = maxTextBytes }: { title: string; maxBytes?: number }) {
  return z
    .string()
    .min(1, `${title} is empty.`)
    .refine(
      (value) => value.isWellFormed(),
      `${title} is not valid Unicode text: store it as a Binary secret.`,
    )
    .refine(
      (value) => new TextEncoder().encode(value).length <= maxBytes,
      `${title} is larger than ${maxBytes >= 1024 ? `${maxBytes / 1024} KiB` : `${maxBytes} bytes`}.`,
    )
    .meta({ title });
}
