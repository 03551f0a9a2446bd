import * as z from "zod";
import { writtenHost } from "@/lib/egress/host";
import { defineSecretKind, textField } from "@/lib/secrets/kinds/define";

/** Client credentials (RFC 6749 §4.4), with which a machine signs in. */
export const m2mOauth = defineSecretKind({
  subKind: "m2m_oauth",
  label: "M2M OAuth",
  description: "Client credentials for APIs that take a bearer token",
  icon: "client",
  shape: "fields",
  fields: {
    clientId: textField({ title: "Client ID", control: "line", maxBytes: 1024 }),
    clientSecret: textField({ title: "Client Secret", control: "password" }),
    authUrl: textField({
      title: "Auth URL",
      control: "line",
      maxBytes: 2048,
      rule: [isTokenEndpoint, "Enter the full address of the token endpoint, starting with https://."],
      hint: "The token endpoint. It must start with https://, so that the client secret is encrypted in transit.",
      placeholder: "https://login.example.com/oauth2/token",
    }),
    scope: {
      title: "Scope",
      control: "line",
      hint: "Separate multiple scopes with spaces.",
      schema: z
        .string()
        .max(2048, "Scope is larger than 2 KiB.")
        .regex(
          /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/,
          "Separate scopes with single spaces.",
        )
        .optional(),
    },
  },
  givesTokens: true,
});

/** Plain http would expose the client secret to eavesdroppers, so only loopback may use it. */
function isTokenEndpoint(value: string): boolean {
  if (writtenHost(value) === null) return false;
  const url = new URL(value);
  const isLoopback = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback);
}
