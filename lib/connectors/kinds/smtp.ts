import * as z from "zod";
import { defineConnector, passwordRef, userOf, when } from "@/lib/connectors/define";
import type { Destination } from "@/lib/connectors/destination";
import {
  caCertificateField,
  choiceField,
  hostField,
  nameField,
  portNumberField,
} from "@/lib/connectors/fields";
import { isLoopbackHost } from "@/lib/egress/host";

/** A mail server that sends messages, signed in with a password. */
export const smtp = defineConnector({
  kind: "smtp",
  name: "SMTP",
  description: "E-mail through a mail server",
  group: "messaging",
  keywords: "email mail outlook",
  rights: "Permission to send mail. This user is always the sender. A check signs in and sends nothing.",
  credentialPage: "https://support.google.com/mail/answer/185833",
  fields: z.object({
    smtpUrl: hostField({ title: "URL", placeholder: "smtp.gmail.com" }),
    smtpPort: portNumberField(587),
    smtpUsername: userOf(
      "smtpPassword",
      nameField(320, { title: "Username", placeholder: "reports@example.com" }, "@'"),
    ),
    smtpPassword: passwordRef({
      title: "Password",
      help: "If the account has a second factor, use an app password.",
    }),
    encryption: choiceField(
      {
        auto: "By port: TLS from the start on 465, otherwise STARTTLS",
        starttls: "STARTTLS",
        implicit: "TLS from the start",
        disable: "No encryption",
      },
      "auto",
      { title: "Encryption", help: "Choose No encryption only for a server on Selvage’s machine." },
    ),
    caCertificate: when({ encryption: ["auto", "starttls", "implicit"] }, caCertificateField()),
  }),
  conflicts: ({ smtpUrl, encryption }) =>
    encryption === "disable" && !isLoopbackHost(smtpUrl)
      ? { encryption: "Choose another option: over a network, Selvage sends a password only encrypted." }
      : {},
  destinations: ({ smtpUrl, smtpPort, encryption, caCertificate }) => [
    {
      protocol: smtpProtocol(smtpPort, encryption),
      host: smtpUrl,
      port: smtpPort,
      tls: encryption === "disable" ? "disable" : "verify-full",
      hostField: "smtpUrl",
      portField: "smtpPort",
      secretFields: caCertificate === undefined ? ["smtpPassword"] : ["smtpPassword", "caCertificate"],
    } satisfies Destination,
  ],
});

/** `smtps` starts with TLS. `smtp` starts in clear and switches with STARTTLS, unless encryption is off. */
export function smtpProtocol(port: number, encryption: string): "smtp" | "smtps" {
  const isImplicit = encryption === "implicit" || (encryption === "auto" && port === 465);
  return isImplicit ? "smtps" : "smtp";
}
