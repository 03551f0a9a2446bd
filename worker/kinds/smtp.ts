import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { smtp, smtpProtocol } from "@/lib/connectors/kinds/smtp";
import { CheckFailure, defineCheck, errorProperty, standIn } from "@/worker/check";
import { sharedVerification } from "@/worker/clients/certificates";
import { networkFault } from "@/worker/egress/socket-faults";

/** Signs in and disconnects. Starts no mail, so that nothing is sent. */
export const checkSmtp = defineCheck(smtp, {
  standIns: { smtpPassword: standIn },
  preload: () => import("nodemailer/lib/smtp-connection/index.js"),

  async run({ smtpUrl, smtpPort, smtpUsername, smtpPassword, encryption, caCertificate }) {
    // AUTH PLAIN ends strings at NUL, so the server would silently ignore the rest of the password.
    if (smtpPassword.includes("\0")) throw new CheckFailure("secret_malformed", "smtpPassword");
    const { default: SmtpConnection } = await import("nodemailer/lib/smtp-connection/index.js");
    const isImplicit = smtpProtocol(smtpPort, encryption) === "smtps";
    const security = sharedVerification("verify-full", caCertificate);
    // Opens the socket here: the library would look the name up itself, which the egress guard blocks.
    const socket = await dial(smtpUrl, smtpPort, isImplicit ? security : null);
    const connection = new SmtpConnection({
      host: smtpUrl,
      port: smtpPort,
      connection: socket,
      secure: isImplicit,
      secured: isImplicit,
      requireTLS: encryption !== "disable" && !isImplicit,
      ignoreTLS: encryption === "disable",
      tls: security,
      // Does not reveal this machine's name. RFC 5321 allows a client without a name to send its address.
      name: "[127.0.0.1]",
      logger: false,
    });
    await new Promise<void>((resolve, reject) => {
      connection.on("error", reject);
      connection.on("end", () => reject(new CheckFailure("connection_closed", "smtpPort")));
      socket.on("close", () => reject(new CheckFailure("connection_closed", "smtpPort")));
      connection.connect(() => {
        if (!offersPassword(connection)) {
          reject(new CheckFailure("sign_in_not_offered", "smtpUsername", undefined, "sign_in"));
          return;
        }
        const credentials = { user: smtpUsername, pass: smtpPassword };
        connection.login({ user: smtpUsername, credentials }, (error) =>
          error === null || error === undefined ? resolve() : reject(error),
        );
      });
    });
    connection.quit();
    return {};
  },

  explain(error) {
    const reply = readReply(error);
    switch (errorProperty(error, "code")) {
      case "EAUTH":
        return refusedSignIn(reply);
      case "ETLS":
        // Also when an attacker on the network removed STARTTLS from the server's answer. Nothing is sent
        // without TLS.
        return new CheckFailure("tls_not_offered", "smtpPort", undefined, "tls");
      case "ESOCKET":
        return new CheckFailure("connection_closed", "smtpPort");
      case "EPROTOCOL":
      case "ECONNECTION":
        return unexpectedGreeting(reply);
      default:
        return networkFault(error) === null ? null : new CheckFailure("connection_closed", "smtpPort");
    }
  },
});

async function dial(
  host: string,
  port: number,
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

/**
 * True when the server offers a password method that the library knows. Otherwise the library would try one
 * that the server did not offer.
 */
function offersPassword(connection: object): boolean {
  const offered: unknown = Reflect.get(connection, "_supportedAuth");
  // The library uses the first of these. XOAUTH2 is always last.
  return Array.isArray(offered) && offered.length > 0 && offered[0] !== "XOAUTH2";
}

type Reply = { status: number; text: string };

/** Reads the server's reply, for comparison only. Never pass it on. */
function readReply(error: unknown): Reply {
  const text = errorProperty(error, "response");
  return { status: Number(/^\d{3}(?=[ -])/.exec(text)?.[0] ?? 0), text };
}

/** RFC 4954 §6, RFC 5248; support.google.com/a/answer/3726730; aka.ms/smtp_auth_disabled (Exchange Online). */
function refusedSignIn({ status, text }: Reply): CheckFailure {
  switch (status) {
    case 534:
      return new CheckFailure("second_factor_required", "smtpPassword");
    case 535:
      return /5\.7\.139/.test(text) && /disabled/i.test(text)
        ? new CheckFailure("sign_in_not_offered", "smtpUsername")
        : new CheckFailure("rejected_credentials", "smtpPassword");
    case 525:
      return new CheckFailure("account_locked", "smtpUsername");
    case 432:
      return new CheckFailure("password_change_required", "smtpPassword");
    case 530:
    case 538:
      return new CheckFailure("not_admitted", "encryption");
    case 421:
    case 454:
      return /too many/i.test(text) ? new CheckFailure("rate_limited") : new CheckFailure("server_not_ready");
    case 500:
    case 502:
    case 503:
    case 504:
      return new CheckFailure("sign_in_not_offered", "smtpUsername");
    default:
      return status >= 500
        ? new CheckFailure("rejected_credentials", "smtpPassword")
        : new CheckFailure("unexpected_answer", "smtpPort");
  }
}

/** Maps a reply before the sign-in: from a busy server, a refusing one, or something other than SMTP. */
function unexpectedGreeting({ status, text }: Reply): CheckFailure {
  if (text === "") return new CheckFailure("connection_closed", "smtpPort");
  if (status === 421 || status === 450 || status === 451) return new CheckFailure("server_not_ready");
  if (status === 554 || status === 550) return new CheckFailure("not_admitted", "smtpUrl");
  return new CheckFailure("wrong_protocol", "smtpPort");
}
