import * as z from "zod";
import { defineConnector, optional, secretRef, when } from "@/lib/connectors/define";
import type { Destination } from "@/lib/connectors/destination";
import { choiceField, textField, tlsFields } from "@/lib/connectors/fields";
import { tokenEndpoint } from "@/lib/connectors/kinds/oauth-client";
import { writtenHost } from "@/lib/egress/host";

/**
 * Headers that control where a request goes or ends. A key in Host would even leave in clear, as the TLS
 * server name.
 */
const steeringHeaders: ReadonlySet<string> = new Set(
  "host connection keep-alive content-length transfer-encoding upgrade te trailer expect".split(" "),
);

const addressMessage = "Enter a web address, such as https://api.example.com.";

/** Any HTTP API. Its four ways to sign in use all four types of secret. */
export const restApi = defineConnector({
  kind: "restapi",
  name: "REST API",
  description: "Any HTTP API, with or without sign-in",
  group: "web",
  keywords: "oauth json webhook bearer token",
  rights: "GET on the check path, and the permissions that pipelines need.",
  credentialPage: "https://datatracker.ietf.org/doc/html/rfc9110#name-http-authentication",
  fields: z.object({
    baseUrl: textField(2000, { title: "Base URL", placeholder: "https://api.example.com" })
      .refine((address) => writtenHost(address) !== null && !address.includes("?"), addressMessage)
      .meta({ title: "Base URL", placeholder: "https://api.example.com" }),
    testPath: z
      .string()
      .trim()
      .max(2000)
      .regex(/^\/(?!\/)[^\s#\\]*$/, "Start with one slash, such as /v1/status.")
      .default("/")
      .meta({
        title: "Check path",
        placeholder: "/v1/status",
        help: "The check reads it with GET to verify sign-in.",
      }),
    authType: choiceField(
      {
        none: "None",
        basic: "Basic",
        bearer: "Bearer token",
        api_key: "API key",
        oauth_client_credentials: "OAuth client credentials",
      },
      "none",
      { title: "Authentication method" },
    ),
    basicCredential: when(
      { authType: "basic" },
      secretRef("username_password", { title: "Username & password" }),
    ),
    bearerToken: when({ authType: "bearer" }, secretRef("text", { title: "Token" })),
    apiKey: when({ authType: "api_key" }, secretRef("text", { title: "API key" })),
    apiKeyIn: when(
      { authType: "api_key" },
      choiceField({ header: "Header", query: "Query parameter" }, "header", { title: "Send the key in" }),
    ),
    apiKeyName: when(
      { authType: "api_key" },
      textField(128, { title: "Name of the header or parameter", placeholder: "X-API-Key" })
        .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "Use letters, digits and dashes, such as X-API-Key.")
        .refine(
          (name) => !steeringHeaders.has(name.toLowerCase()),
          "HTTP reserves this name for another purpose.",
        )
        .meta({ title: "Name of the header or parameter", placeholder: "X-API-Key" }),
    ),
    oauthClient: when(
      { authType: "oauth_client_credentials" },
      secretRef("m2m_oauth", { title: "OAuth client" }),
    ),
    ...tlsFields,
    clientCertificate: when(
      { tlsMode: ["verify-full", "require"] },
      optional(
        secretRef("binary", { title: "Client certificate", help: "Only if the server asks for one. PEM." }),
      ),
    ),
    clientKey: when(
      { tlsMode: ["verify-full", "require"] },
      optional(
        secretRef("binary", { title: "Client certificate’s key", help: "PEM, without a passphrase." }),
      ),
    ),
  }),
  destinations: (properties, metadata) => {
    const url = new URL(properties.baseUrl);
    const isHttps = url.protocol === "https:";
    const secretFields = (
      ["basicCredential", "bearerToken", "apiKey", "oauthClient", ...certificateFields] as const
    ).filter((field) => properties[field] !== undefined);
    const api: Destination = {
      protocol: isHttps ? "https" : "http",
      host: url.hostname,
      port: Number(url.port || (isHttps ? 443 : 80)),
      tls: isHttps ? properties.tlsMode : "disable",
      hostField: "baseUrl",
      portField: "baseUrl",
      secretFields,
      provedFields: ["oauthClient", "clientKey"],
    };
    return [...tokenEndpoint(properties.oauthClient, metadata), api];
  },
  conflicts: ({ baseUrl, tlsMode, clientCertificate, clientKey }) => {
    const isHttps = baseUrl.toLowerCase().startsWith("https:");
    if (!isHttps && tlsMode !== "disable")
      return { baseUrl: "Use https://, or choose No encryption below if the API has no encryption." };
    if (isHttps && tlsMode === "disable") return { tlsMode: "An https:// address is always encrypted." };
    if (clientCertificate !== undefined && clientKey === undefined)
      return { clientKey: "A client certificate needs its key." };
    if (clientKey !== undefined && clientCertificate === undefined)
      return { clientCertificate: "This key needs its client certificate." };
    return {};
  },
});

const certificateFields = ["caCertificate", "clientCertificate", "clientKey"] as const;
