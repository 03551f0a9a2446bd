import { createHmac } from "node:crypto";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { deliver } from "@/automate/reminders/deliver";
import { webhookHeaders } from "@/automate/reminders/webhook-signature";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { builtCheckWorker } from "@/testing/servers/built-worker";
import { type Listening, listen } from "@/testing/servers/listening";
import { type MailOptions, startMailServer } from "@/testing/servers/mail-server";
import type { SmtpServer } from "@/worker/deliver/protocol";

/* The shipped worker, real servers, and the operator's settings for them. */
const workerPath = builtCheckWorker();
const open: Listening[] = [];
let authority: Authority;

beforeAll(async () => {
  authority = await createAuthority("Mail");
});
afterEach(() => Promise.all(open.splice(0).map((server) => server.close())));

const account = { username: "selvage", password: "canary-smtp" };

async function startMail(options: Partial<MailOptions> = {}) {
  const certificate = await authority.issue({ names: ["127.0.0.1"] });
  const server = await startMailServer({ ...account, certificate, ...options });
  open.push(server);
  return server;
}

const smtp = (port: number, change: Partial<SmtpServer> = {}): SmtpServer => ({
  ...{ host: "127.0.0.1", port, tls: "starttls", ca: authority.cert, from: "Selvage <selvage@test.example>" },
  ...account,
  ...change,
});
const email = (id: string, to = `${id}@test.example`) => ({
  ...{
    id,
    to,
    subject: "Secret “größe” expires in 7 days",
    text: "Hello Ada,\n\n.a line that begins with a dot\n",
  },
});
const send = async (server: SmtpServer, ...messages: ReturnType<typeof email>[]) =>
  Object.fromEntries(await deliver(workerPath, { channel: "email", server, messages }));

describe("e-mail", () => {
  test("goes over STARTTLS or TLS to one recipient each, after a sign-in, over one connection", async () => {
    const mail = await startMail();
    expect(await send(smtp(mail.port), email("a"), email("b"))).toEqual({ a: null, b: null });
    expect(mail.attempts).toEqual(["PLAIN"]);
    expect(mail.received.map(({ from, to }) => [from, to])).toEqual([
      ["selvage@test.example", ["a@test.example"]],
      ["selvage@test.example", ["b@test.example"]],
    ]);
    const [first] = mail.received;
    expect(first?.text).toContain("From: Selvage <selvage@test.example>");
    expect(first?.text).toContain("To: a@test.example");
    expect(first?.text).toContain("Message-ID: <a@test.example>");
    expect(first?.text).toContain("Auto-Submitted: auto-generated");
    expect(first?.text).toContain("\r\n.a line that begins with a dot");
    const implicit = await startMail({ isImplicit: true });
    expect(await send(smtp(implicit.port, { tls: "implicit" }), email("a"))).toEqual({ a: null });
  });

  test("goes without TLS and without a password when the operator says so", async () => {
    const mail = await startMailServer({ ...account, methods: [] });
    open.push(mail);
    const { username: _user, password: _password, ...server } = smtp(mail.port, { tls: "off" });
    expect(await send(server, email("a"))).toEqual({ a: null });
  });

  test("is not sent where TLS is missing or not trusted, nor with a wrong password", async () => {
    const [plain, mail] = [await startMailServer(account), await startMail()];
    open.push(plain);
    const other = (await createAuthority("Other")).cert;
    const untrusted = [send(smtp(plain.port), email("a")), send(smtp(mail.port, { ca: other }), email("a"))];
    expect(await Promise.all(untrusted)).toEqual([{ a: "tls_failed" }, { a: "tls_failed" }]);
    expect(await send(smtp(mail.port, { password: "wrong" }), email("a"), email("b"))).toEqual({
      ...{ a: "rejected_credentials", b: "rejected_credentials" },
    });
    expect([plain.attempts, mail.received]).toEqual([[], []]);
  });

  test("that one recipient's server refuses does not stop the others", async () => {
    const mail = await startMail({
      recipientStatus: (address) => ({ "gone@test.example": 550, "full@test.example": 452 })[address],
    });
    const outcome = await send(
      smtp(mail.port),
      email("a", "gone@test.example"),
      email("b", "full@test.example"),
      email("c"),
    );
    expect(outcome).toEqual({ a: "rejected_recipient", b: "busy", c: null });
  });

  test("reaches nothing but its server: not a cloud's metadata, and no name that does not exist", async () => {
    expect(await send(smtp(25, { host: "169.254.169.254" }), email("a"))).toEqual({ a: "address_refused" });
    expect(await send(smtp(25, { host: "nowhere.invalid" }), email("a"))).toEqual({ a: "name_not_found" });
  });

  test("an address cannot add recipients or headers", async () => {
    const mail = await startMail();
    const outcome = await send(
      smtp(mail.port),
      email("a", "ada@test.example\r\nRCPT TO:<eve@test.example>"),
      { ...email("b"), subject: "One\r\nBcc: eve@test.example" },
    );
    expect(outcome.b).toBeNull();
    expect(mail.received.flatMap(({ to }) => to)).not.toContain("eve@test.example");
    expect(mail.received.at(-1)?.text).not.toMatch(/^Bcc:/m);
  });
});

describe("the webhook", () => {
  const secret = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
  const body = '{"type":"secret.expires"}';

  async function startHook(status: number, location?: string) {
    const calls: { headers: http.IncomingHttpHeaders; body: string }[] = [];
    const server = await listen(
      http.createServer((request, response) => {
        let text = "";
        request.on("data", (chunk) => (text += chunk));
        request.on("end", () => {
          calls.push({ headers: request.headers, body: text });
          response.writeHead(status, location ? { location } : {}).end("canary of the server");
        });
      }),
    );
    open.push(server);
    return { calls, url: `http://127.0.0.1:${server.port}/hook` };
  }
  const call = async (url: string) => {
    const headers = webhookHeaders(secret, { id: "m1", body });
    const job = { channel: "webhook", server: { url }, messages: [{ id: "m1", headers, body }] } as const;
    return (await deliver(workerPath, { ...job, messages: [...job.messages] })).get("m1");
  };

  test("receives a call that its secret verifies (standardwebhooks.com)", async () => {
    const hook = await startHook(204);
    expect(await call(hook.url)).toBeNull();
    const [received] = hook.calls;
    const {
      "webhook-id": id,
      "webhook-timestamp": time,
      "webhook-signature": signature,
    } = received?.headers ?? {};
    const key = "0123456789abcdef0123456789abcdef";
    const expected = createHmac("sha256", key).update(`m1.${time}.${received?.body}`).digest("base64");
    expect([id, signature, received?.body]).toEqual(["m1", `v1,${expected}`, body]);
    expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(30);
  });

  test("signs as the published example", () => {
    // From the specification's own test: github.com/standard-webhooks/standard-webhooks, libraries.
    const headers = webhookHeaders(
      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", body: '{"test": 2432232314}' },
      new Date(1_614_265_330_000),
    );
    expect(headers["webhook-signature"]).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  test("is called over TLS that its authority vouches for, and not otherwise", async () => {
    const certificate = await authority.issue({ names: ["127.0.0.1"] });
    let called = 0;
    const server = await listen(
      https.createServer(certificate, (request, response) => {
        called += 1;
        request.resume().on("end", () => response.end());
      }),
    );
    open.push(server);
    const url = `https://127.0.0.1:${server.port}/`;
    const job = { channel: "webhook" as const, messages: [{ id: "m1", headers: {}, body }] };
    const outcomes = [{ url, ca: authority.cert }, { url }].map((one) =>
      deliver(workerPath, { ...job, server: one }),
    );
    const [trusted, untrusted] = await Promise.all(outcomes);
    expect([trusted?.get("m1"), untrusted?.get("m1"), called]).toEqual([null, "tls_failed", 1]);
  });

  test("that fails is a fault by a code, and a redirect is not followed", async () => {
    const target = await startHook(204);
    const [broken, refusing, moved] = [
      await startHook(503),
      await startHook(401),
      await startHook(307, target.url),
    ];
    const closed = await listen(net.createServer());
    await closed.close();
    const urls = [broken.url, refusing.url, moved.url, `http://127.0.0.1:${closed.port}/`];
    expect(await Promise.all(urls.map(call))).toEqual([
      "busy",
      "rejected_credentials",
      "rejected_message",
      "unreachable",
    ]);
    expect(target.calls).toEqual([]);
  });
});
