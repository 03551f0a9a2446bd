import * as z from "zod";
import { defineConnector, optional, passwordRef, userOf, when } from "@/lib/connectors/define";
import type { Destination } from "@/lib/connectors/destination";
import { choiceField, nameField, textField, tlsFields } from "@/lib/connectors/fields";
import { canonicalHost, isPlainHost } from "@/lib/egress/host";

const hostMessage = "Enter a host, and a port if it is not 27017, such as db.example.com:27018.";

/** MongoDB, self-hosted or Atlas. The documented form has no port field, so the host may include a port. */
export const mongodb = defineConnector({
  kind: "mongodb",
  name: "MongoDB",
  description: "Collections in a MongoDB database or in Atlas",
  group: "database",
  keywords: "nosql document",
  rights: "The role readWrite on the collection’s database.",
  credentialPage: "https://www.mongodb.com/docs/manual/tutorial/create-users/",
  fields: z.object({
    protocol: choiceField({ mongodb: "mongodb", "mongodb+srv": "mongodb+srv, for Atlas" }, "mongodb", {
      title: "Protocol",
    }),
    host: textField(260, { title: "Host", placeholder: "cluster0.abcde.mongodb.net" })
      .refine((host) => parseEndpoint(host) !== null, hostMessage)
      .meta({ title: "Host", placeholder: "cluster0.abcde.mongodb.net" }),
    username: userOf("password", nameField(128, { title: "Username" }, "@")),
    password: passwordRef({ title: "Password" }),
    database: nameField(63, { title: "Database", placeholder: "sales" }),
    collection: nameField(255, { title: "Collection", placeholder: "orders" }, ":"),
    authSource: optional(
      nameField(63, {
        title: "Authentication database",
        placeholder: "admin",
        help: "The database that holds the user, if it is not admin.",
      }),
    ),
    ...tlsFields,
    tlsMode: when({ protocol: "mongodb" }, tlsFields.tlsMode),
  }),
  conflicts: ({ protocol, host }) =>
    protocol === "mongodb+srv" && /:\d+$/.test(host)
      ? { host: "With mongodb+srv, DNS supplies the port: enter the name without a port." }
      : {},
  destinations: ({ protocol, host, tlsMode, caCertificate }): Destination[] => {
    const isService = protocol === "mongodb+srv";
    const endpoint = parseEndpoint(host) ?? { host, port: 27_017 };
    return [
      {
        protocol,
        ...endpoint,
        // mongodb+srv implies TLS.
        tls: isService ? "verify-full" : (tlsMode ?? "verify-full"),
        ...(isService && { srv: true }),
        hostField: "host",
        portField: "host",
        secretFields: caCertificate === undefined ? ["password"] : ["password", "caCertificate"],
      },
    ];
  },
});

/** Parses "host" or "host:port" strictly; null if invalid. */
export function parseEndpoint(text: string): { host: string; port: number } | null {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(text.trim());
  const host = match?.[1] !== undefined && isPlainHost(match[1]) ? canonicalHost(match[1]) : null;
  const port = Number(match?.[2] ?? 27_017);
  return host !== null && port >= 1 && port <= 65_535 ? { host, port } : null;
}
