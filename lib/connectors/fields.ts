import * as z from "zod";
import { type FieldMeta, optional, secretRef, when } from "@/lib/connectors/define";
import type { Destination, TlsMode } from "@/lib/connectors/destination";
import { isPlainHost } from "@/lib/egress/host";
import { choiceText, issueText } from "@/lib/issue-text";

type TextMeta = Pick<FieldMeta, "title" | "placeholder" | "help">;

/** One line of text, required. */
export function textField(maxLength: number, meta: TextMeta) {
  return z
    .string({ error: issueText })
    .trim()
    .min(1, "This field is required.")
    .max(maxLength, `At most ${maxLength} characters.`)
    .regex(/^\P{Cc}*$/u, "This may not contain control characters.")
    .meta(meta);
}

/** A host name or address, without protocol, port or path. */
export function hostField(meta: TextMeta) {
  return textField(253, meta)
    .refine(isPlainHost, "Enter a host name or address, such as db.example.com.")
    .meta(meta);
}

/**
 * Characters that some client reads as syntax: ODBC, ADO.NET, JDBC, libpq settings, URLs, Oracle descriptors.
 */
const separators = ";=&?#/\\@:,()[]{}\"'`%";

/**
 * One line of text that a client puts into a connection string: the name of a database, a role, a user.
 * Refuses separators, which could inject a setting such as another host. `allowed` lists separators that are
 * common in such names on this kind of server.
 */
export function nameField(maxLength: number, meta: TextMeta, allowed = "") {
  return textField(maxLength, meta)
    .superRefine((name, ctx) => {
      const separator = [...name].find((one) => separators.includes(one) && !allowed.includes(one));
      if (separator !== undefined)
        ctx.addIssue({
          code: "custom",
          message: `This may not contain “${separator}”: database clients read it as syntax.`,
        });
      else if (name.startsWith("-"))
        ctx.addIssue({
          code: "custom",
          message: "This may not begin with “-”: command lines read it as an option.",
        });
    })
    .meta(meta);
}

/** A choice, shown as a select in the order of `labels`. */
export function choiceField<const V extends string>(
  labels: Record<V, string>,
  initial: NoInfer<V>,
  meta: TextMeta & Pick<FieldMeta, "unavailable" | "instead">,
) {
  const values = Object.keys(labels) as V[];
  return z
    .enum(values, {
      error: ({ input }) =>
        typeof input === "string" && Object.hasOwn(meta.unavailable ?? {}, input)
          ? `This is not available. ${meta.instead ?? choiceText(values)}`
          : choiceText(values),
    })
    .default(initial as never)
    .meta({ ...meta, control: "select", labels });
}

const portMessage = "Enter a port from 1 to 65535.";

/** A port that the documented API represents as a string. */
export function portTextField(initial: string) {
  return chosenPortTextField({ placeholder: initial })
    .default(initial)
    .meta({ title: "Port", placeholder: initial, port: "text" });
}

/** The same, for an API that documents no default. */
export function chosenPortTextField(meta: Omit<TextMeta, "title">) {
  return (
    z
      .string(portMessage)
      .trim()
      .regex(/^\d{1,5}$/, portMessage)
      .refine((port) => Number(port) >= 1 && Number(port) <= 65_535, portMessage)
      // Some clients read 05432 as octal, and so would use another port than the allowed one.
      .overwrite((port) => port.replace(/^0+/, ""))
      .meta({ title: "Port", ...meta, port: "text" })
  );
}

/** A port that the documented API represents as an integer. */
export function portNumberField(initial: number) {
  return z
    .int(portMessage)
    .min(1, portMessage)
    .max(65_535, portMessage)
    .default(initial)
    .meta({ title: "Port", placeholder: String(initial), control: "number", port: "number" });
}

/** A property of the documented API that clients may set and read, but that Selvage does not use. */
export function passedThroughField<T extends z.ZodType>(schema: T, title: string) {
  return schema.optional().meta({ title, control: "hidden" });
}

/** The documented API's settings of the Knowledge Graph indexer. */
export const kgConfig = passedThroughField(
  z.strictObject({
    enabled: z.boolean().optional(),
    useConnectorAuth: z.boolean().optional(),
    kgSchedule: z
      .strictObject({ timeZone: z.string().max(64).optional(), cron: z.string().max(64).optional() })
      .optional(),
    authProperties: z
      .strictObject({
        authType: z.literal("oauth").optional(),
        oAuthType: z.enum(["u2m", "m2m"]).optional(),
        oAuthAppRegistrationID: z.string().max(128).optional(),
        clientId: z.string().max(128).optional(),
        clientSecret: optional(secretRef("text", { title: "Client secret" })),
      })
      .optional(),
  }),
  "Knowledge Graph indexer",
);

/** The certificate of a private authority that the connection trusts in addition to the public ones. */
export function caCertificateField() {
  return optional(
    secretRef(["binary", "text"], {
      title: "CA certificate",
      help: "Only for a private certificate authority.",
    }),
  );
}

/** The fields of each kind that uses TLS. */
export const tlsFields = {
  tlsMode: choiceField(
    {
      "verify-full": "Verify the certificate",
      require: "Encrypt only, do not verify",
      disable: "No encryption",
    },
    "verify-full",
    { title: "Encryption" },
  ),
  caCertificate: when({ tlsMode: "verify-full" }, caCertificateField()),
};

type DatabaseProperties = {
  server: string;
  port: string;
  tlsMode: TlsMode;
  caCertificate?: string | undefined;
};

/** The destination of a database's password. The CA certificate, if any, verifies it. */
export function databaseDestination(
  protocol: string,
  { server, port, tlsMode, caCertificate }: DatabaseProperties,
): Destination {
  return {
    protocol,
    host: server,
    port: Number(port),
    tls: tlsMode,
    hostField: "server",
    portField: "port",
    secretFields: caCertificate === undefined ? ["password"] : ["password", "caCertificate"],
  };
}
