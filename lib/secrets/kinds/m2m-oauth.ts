import { z } from "zod";
import { writtenHost } from "@/lib/connectors/destination";
import { textValue } from "@/lib/secrets/kinds/value";

/** Client credentials (RFC 6749 §4.4), with which a machine signs in. */
export const m2mOauth = {
  subKind: "m2m_oauth",
  label: "M2M OAuth",
  description: "Client credentials for APIs that take a bearer token",
  fields: z.object({
    clientId: textValue({ title: "Client ID", maxBytes: 1024 }),
    clientSecret: textValue({ title: "Client Secret" }),
    authUrl: textValue({ title: "Auth URL", maxBytes: 2048 }).refine(
      isTokenEndpoint,
      "Enter the full address of the token endpoint, beginning with https://.",
    ),
    scope: z
      .string()
      .max(2048, "Scope is larger than 2 KiB.")
      .regex(
        /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/,
        "Separate several scopes by single spaces.",
      )
      .optional()
      .meta({ title: "Scope" }),
  }),
} as const;

/** Plain http would expose the client secret to eavesdroppers, so only loopback may use it. */
function isTokenEndpoint(value: string): boolean {
  if (writtenHost(value) === null) return false;
  const url = new URL(value);
  const isLoopback = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback);
}
