import { SMTPServer } from "smtp-server";
import type { Certificate } from "@/launcher/certificates.mjs";
import { type Listening, listen } from "@/testing/servers/listening";

export type MailOptions = {
  username: string;
  password: string;
  /** Without a certificate, the server offers no encryption. */
  certificate?: Certificate;
  /** Begins with TLS instead of offering STARTTLS. */
  isImplicit?: boolean;
  /** The sign-in methods that the server accepts. An empty list turns sign-in off. */
  methods?: readonly ("PLAIN" | "LOGIN" | "CRAM-MD5" | "XOAUTH2")[];
  /** Answers every sign-in with this reply. */
  refuseWith?: { status: number; text: string };
  /** Answers a recipient with this status; undefined accepts them. */
  recipientStatus?: (address: string) => number | undefined;
};
export type ReceivedMail = { from: string; to: string[]; text: string };
export type MailServer = Listening & { attempts: string[]; mails: number; received: ReceivedMail[] };

/** A real SMTP server. Its refusals repeat the received password, as careless servers do. */
export async function startMailServer(options: MailOptions): Promise<MailServer> {
  const { username, password, certificate, isImplicit = false, methods = ["PLAIN", "LOGIN"] } = options;
  const seen = { attempts: [] as string[], mails: 0, received: [] as ReceivedMail[] };
  const hidden = [
    ...(certificate === undefined ? ["STARTTLS"] : []),
    ...(methods.length === 0 ? ["AUTH"] : []),
  ];
  const mail = new SMTPServer({
    ...certificate,
    secure: isImplicit,
    authMethods: [...methods],
    disabledCommands: hidden,
    // Without encryption, the server would otherwise not offer sign-in.
    allowInsecureAuth: certificate === undefined,
    disableReverseLookup: true,
    onAuth({ method, username: user, password: given, validatePassword }, _session, done) {
      seen.attempts.push(method);
      const isRight =
        user === username && (method === "CRAM-MD5" ? validatePassword(password) : given === password);
      if (isRight && options.refuseWith === undefined) return done(null, { user });
      const { status, text } = options.refuseWith ?? {
        status: 535,
        text: "5.7.8 Username and Password not accepted.",
      };
      const said = `${text} You sent ${user} ${given}`;
      return done(Object.assign(new Error(said), { responseCode: status }));
    },
    onMailFrom(_address, _session, done) {
      seen.mails += 1;
      done();
    },
    onRcptTo({ address }, _session, done) {
      const status = options.recipientStatus?.(address);
      done(status === undefined ? null : Object.assign(new Error("Refused."), { responseCode: status }));
    },
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const from = envelope.mailFrom ? envelope.mailFrom.address : "";
        const to = envelope.rcptTo.map(({ address }) => address);
        seen.received.push({ from, to, text: Buffer.concat(chunks).toString("utf8") });
        done();
      });
    },
  });
  mail.on("error", () => {});
  const listening = await listen(mail.server);
  return Object.assign(seen, listening);
}
