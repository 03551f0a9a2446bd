import * as z from "zod";
import { defineConnector, optional, passwordRef, secretRef, userOf, when } from "@/lib/connectors/define";
import { choiceField, hostField, kgConfig, nameField, portNumberField } from "@/lib/connectors/fields";

/** SFTP, with a password or a private key. */
export const sftp = defineConnector({
  kind: "sftp",
  name: "SFTP",
  description: "Files on a server over SSH",
  group: "files",
  keywords: "ftp csv excel",
  rights: "Read and write access to the folders in use. Selvage needs no shell.",
  credentialPage: "https://man.openbsd.org/ssh-keygen",
  stepTitles: { tls: "Host key" },
  fields: z.object({
    host: hostField({ title: "Host", placeholder: "files.example.com" }),
    port: portNumberField(22),
    username: userOf("password", nameField(128, { title: "Username" }, "@\\")),
    authMethod: choiceField({ password: "Password", private_key: "Private key" }, "password", {
      title: "Authentication method",
    }),
    password: when({ authMethod: "password" }, passwordRef({ title: "Password" })),
    privateKey: when(
      { authMethod: "private_key" },
      secretRef(["text", "binary"], {
        title: "Private key",
        help: "OpenSSH, PEM or PuTTY, without a passphrase.",
        inline: "base64",
      }),
    ),
    hostKeyFingerprint: optional(
      z
        .string()
        .regex(
          /^SHA256:[A-Za-z0-9+/]{43}$/,
          "A fingerprint starts with SHA256: and has 43 characters after it.",
        )
        .meta({
          title: "Host key fingerprint",
          help: "Shown by the first check. Confirm it with the server’s administrator.",
          control: "hostKey",
        }),
    ),
    kgConfig,
  }),
  destinations: ({ host, port, authMethod, hostKeyFingerprint }) => [
    {
      protocol: "sftp",
      host,
      port,
      hostField: "host",
      portField: "port",
      ...(hostKeyFingerprint === undefined
        ? // Sends nothing to a server whose host key nobody has confirmed: it could be an impostor.
          { secretFields: [] }
        : {
            hostKey: hostKeyFingerprint,
            secretFields: [authMethod === "password" ? "password" : "privateKey"],
            provedFields: ["privateKey"],
          }),
    },
  ],
});
