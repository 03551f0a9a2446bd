import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { errorProperty } from "@/worker/check";
import { sharedVerification } from "@/worker/clients/certificates";
import type { DeliveryFault, Email, SmtpServer } from "@/worker/deliver/protocol";

/** Reports the outcome of one message. */
export type Report = (id: string, fault: DeliveryFault | null) => void;

/** Sends e-mails over one connection. Reports each; rejects when the server does not admit this client at all. */
export async function sendEmails(
  server: SmtpServer,
  messages: readonly Email[],
  report: Report,
): Promise<void> {
  const [{ default: SmtpConnection }, { default: MailComposer }] = await Promise.all([
    import("nodemailer/lib/smtp-connection/index.js"),
    import("nodemailer/lib/mail-composer/index.js"),
  ]);
  const security = sharedVerification("verify-full", server.ca);
  const isImplicit = server.tls === "implicit";
  // Opens the socket here: the library would look the name up itself, which the egress guard blocks.
  const socket = await dial(server, isImplicit ? security : null);
  const connection = new SmtpConnection({
    host: server.host,
    port: server.port,
    connection: socket,
    secure: isImplicit,
    secured: isImplicit,
    requireTLS: server.tls === "starttls",
    ignoreTLS: server.tls === "off",
    tls: security,
    // Does not reveal this machine's name. RFC 5321 allows a client without a name to send its address.
    name: "[127.0.0.1]",
    logger: false,
  });
  const broken = new Promise<never>((_resolve, reject) => {
    connection.on("error", reject);
    connection.on("end", () => reject(new Error("The server closed the connection.")));
    socket.on("close", () => reject(new Error("The server closed the connection.")));
  });
  broken.catch(() => {});
  await Promise.race([broken, new Promise<void>((resolve) => connection.connect(() => resolve()))]);
  const { username: user, password: pass } = server;
  if (user !== undefined && pass !== undefined)
    await Promise.race([
      broken,
      new Promise<void>((resolve, reject) =>
        connection.login({ user, credentials: { user, pass } }, (error) =>
          error ? reject(error) : resolve(),
        ),
      ),
    ]);
  for (const message of messages) {
    const mail = new MailComposer(mailOf(server.from, message)).compile();
    const raw = await mail.build();
    const fault = await Promise.race([
      broken,
      new Promise<DeliveryFault | null>((resolve) =>
        connection.send(mail.getEnvelope(), raw, (error) => resolve(error ? smtpFault(error) : null)),
      ),
    ]);
    report(message.id, fault);
    // Ends the transaction that the server refused a part of (RFC 5321 §4.1.1.5).
    if (fault !== null)
      await Promise.race([broken, new Promise<void>((resolve) => connection.reset(() => resolve()))]);
  }
  connection.quit();
}

function mailOf(from: string, { id, to, subject, text }: Email) {
  const domain = /@([^@>\s]+)>?\s*$/.exec(from)?.[1] ?? "localhost";
  return {
    from,
    // An object, so that the library parses no list of addresses out of it.
    to: { name: "", address: to },
    subject,
    text,
    // The same at each attempt, so that a mailbox recognizes a repetition.
    messageId: `<${id}@${domain}>`,
    // RFC 3834: no out-of-office notice answers it.
    headers: { "Auto-Submitted": "auto-generated" },
    disableUrlAccess: true,
    disableFileAccess: true,
  };
}

/** The fault of a library's error, by its code and the reply's status (RFC 5321 §4.2). */
export function smtpFault(error: unknown): DeliveryFault {
  const status = Number(/^\d{3}/.exec(errorProperty(error, "response"))?.[0] ?? 0);
  const code = errorProperty(error, "code");
  if (code === "EAUTH") return status >= 400 && status < 500 ? "busy" : "rejected_credentials";
  if (code === "ETLS") return "tls_failed";
  if (status >= 400 && status < 500) return "busy";
  if (code === "EENVELOPE")
    return errorProperty(error, "command") === "MAIL FROM" ? "rejected_sender" : "rejected_recipient";
  if (code === "EMESSAGE" || status >= 500) return "rejected_message";
  return "unexpected";
}

async function dial(
  { host, port }: SmtpServer,
  security: ReturnType<typeof sharedVerification> | null,
): Promise<net.Socket> {
  if (security === null) {
    const socket = net.connect({ host, port });
    await once(socket, "connect");
    return socket;
  }
  const servername = net.isIP(host) === 0 ? { servername: host } : {};
  const socket = tls.connect({ host, port, ...servername, ...security });
  await once(socket, "secureConnect");
  return socket;
}
