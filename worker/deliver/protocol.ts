import * as z from "zod";

const email = z.strictObject({
  id: z.string(),
  to: z.string(),
  subject: z.string(),
  text: z.string(),
});

const call = z.strictObject({
  id: z.string(),
  /** The signature and its time, made by automate: the worker has no key. */
  headers: z.record(z.string(), z.string()),
  body: z.string(),
});

/** The operator's mail server. */
const smtpServer = z.strictObject({
  host: z.string(),
  port: z.number().int(),
  /** TLS from the start, STARTTLS, or neither. Without TLS, no password is sent. */
  tls: z.enum(["implicit", "starttls", "off"]),
  username: z.string().exactOptional(),
  password: z.string().exactOptional(),
  /** The certificate authorities to trust in addition to the public ones, as PEM. */
  ca: z.string().exactOptional(),
  /** Such as `Selvage <selvage@example.com>`. */
  from: z.string(),
});
export type SmtpServer = z.output<typeof smtpServer>;

/** The operator's webhook. */
const webhookServer = z.strictObject({ url: z.url(), ca: z.string().exactOptional() });
export type WebhookServer = z.output<typeof webhookServer>;

/** A job that sends messages to one server of the operator. It has no value of a secret. */
export const deliveryJobSchema = z.discriminatedUnion("channel", [
  z.strictObject({ channel: z.literal("email"), server: smtpServer, messages: z.array(email) }),
  z.strictObject({ channel: z.literal("webhook"), server: webhookServer, messages: z.array(call) }),
]);
export type DeliveryJob = z.output<typeof deliveryJobSchema>;
export type Email = z.output<typeof email>;
export type Call = z.output<typeof call>;

/** Why a message was not accepted. No text of a server leaves the worker. */
export const deliveryFaults = [
  "name_not_found",
  "unreachable",
  "address_refused",
  "tls_failed",
  "rejected_credentials",
  "rejected_sender",
  "rejected_recipient",
  "rejected_message",
  "busy",
  "timed_out",
  "unexpected",
] as const;
export type DeliveryFault = (typeof deliveryFaults)[number];

/** The outcome of one message. */
export const deliverySchema = z.strictObject({
  type: z.literal("delivery"),
  id: z.string(),
  fault: z.enum(deliveryFaults).nullable(),
});
export type Delivery = z.output<typeof deliverySchema>;
