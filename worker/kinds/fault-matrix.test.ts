import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectors } from "@/lib/connectors/registry";
import type { Example } from "@/testing/connection-examples/define";
import { examples } from "@/testing/connection-examples/registry";
import { type Authority, createAuthority } from "@/testing/servers/certificates";
import { createManyChecks, type Outcome } from "@/testing/servers/many-checks";
import { answerFaults, certificateFaults, type Stranger, socketFaults } from "@/testing/servers/misbehaving";

/** The expected result of a fault: one of these codes, at one of these steps. */
type Finding = { codes: readonly string[]; steps: readonly string[] };
const at =
  (...steps: string[]) =>
  (...codes: string[]): Finding => ({ codes, steps });

const network = at("network");
const tls = at("tls");
const handshake = at("tls", "sign_in");
const answer = at("sign_in", "permission");

const onSockets: Record<keyof typeof socketFaults, Finding> = {
  "refuses the connection": network("connection_refused"),
  "says nothing": handshake("timed_out"),
  "hangs up at once": at("network", "tls", "sign_in")("connection_closed", "tls_failed"),
  "hangs up at the first byte": at("tls", "sign_in")("connection_closed", "tls_failed", "timed_out"),
  "closes at the first byte": handshake("connection_closed", "tls_failed", "timed_out"),
  "talks nonsense": handshake(
    "wrong_protocol",
    "tls_not_offered",
    "tls_failed",
    "connection_closed",
    "timed_out",
  ),
  "talks HTTP in clear": handshake(
    "wrong_protocol",
    "tls_not_offered",
    "tls_failed",
    "connection_closed",
    "timed_out",
  ),
  "lets one byte fall every 40 ms": handshake(
    "wrong_protocol",
    "tls_not_offered",
    "tls_failed",
    "timed_out",
    "connection_closed",
  ),
  "repeats what was sent": handshake(
    "wrong_protocol",
    "tls_not_offered",
    "tls_failed",
    "timed_out",
    "connection_closed",
  ),
};

const onCertificates: Record<keyof typeof certificateFaults, Finding> = {
  "has a certificate of a stranger": tls("tls_untrusted"),
  "has a certificate for another name": tls("tls_wrong_name"),
  "has an expired certificate": tls("tls_expired"),
  "has a certificate of next week": tls("tls_not_yet_valid"),
  "speaks TLS 1.1": tls("tls_too_old"),
};

const onAnswers: Record<keyof typeof answerFaults, Finding> = {
  "redirects elsewhere": answer("redirected"),
  "redirects to another page of itself": answer("redirected"),
  "is a proxy that wants a sign-in": answer("proxy_in_the_way"),
  "has had too many requests": answer("rate_limited"),
  "has an error of its own": answer("server_error"),
  "is under maintenance": answer("server_error", "server_not_ready"),
  "answers with a sign-in page": answer("unexpected_answer", "token_endpoint_wrong"),
  "answers without end": answer("answer_too_large", "timed_out", "token_endpoint_wrong"),
  "answers with a megabyte": answer("answer_too_large", "token_endpoint_wrong"),
  "answers with half a JSON": answer("unexpected_answer", "token_endpoint_wrong"),
  "answers with a JSON of another shape": answer("unexpected_answer", "token_endpoint_wrong"),
  "answers with nothing": answer("unexpected_answer", "token_endpoint_wrong"),
  "refuses in words of its own": answer(
    "not_permitted",
    "rejected_credentials",
    "unexpected_answer",
    "not_admitted",
    "token_endpoint_wrong",
    "consent_missing",
  ),
  "cuts its answer off": answer("connection_closed"),
  "talks nonsense behind TLS": answer("wrong_protocol"),
};

const checks = createManyChecks();
let authority: Authority;
beforeAll(async () => {
  authority = await createAuthority("Selvage test authority");
});
afterAll(() => checks.close());

it("every kind has an example", () => {
  expect(Object.keys(examples).sort()).toEqual(Object.keys(connectors).sort());
});

describe.concurrent.each(Object.entries(examples))("%s", (kind, example) => {
  let started: Awaited<ReturnType<Example["start"]>>;
  beforeAll(async () => {
    started = await example.start(authority);
  });
  afterAll(() => started.close());

  const run = (routes = started.routes, timeoutMs?: number) =>
    checks.run(kind, example, { routes, authorities: [authority.cert] }, timeoutMs);

  it("passes twice without a fault", async () => {
    expect(await run(started.routes, 8000)).toMatchObject({ ok: true });
    expect(await run(started.routes, 8000)).toMatchObject({ ok: true });
  });

  const faults = faultsOf(example);
  it.each(faults)("$place $what", async ({ place, stranger, finding }) => {
    const { port, close } = await stranger({ host: place.replace(/:\d+$/, ""), authority });
    // Only faults that can cause silence get a short limit. Every other fault ends without one, even on a
    // busy machine.
    const limit = finding.codes.includes("timed_out") ? 2000 : 6000;
    const outcome = await run({ ...started.routes, [place]: port }, limit);
    await close();
    expectFinding(outcome, finding);
  });
});

type Fault = { place: string; what: string; stranger: Stranger; finding: Finding };

/** Faults that only affect a body. */
const ofBodies = /without end|megabyte|JSON|with nothing|cuts/;

function faultsOf({ places, transport, ignoresBody }: Example): Fault[] {
  const strangers: [string, Stranger, Finding][] = [
    ...entries(socketFaults, onSockets),
    ...(transport === "tls" || transport === "https" ? entries(certificateFaults, onCertificates) : []),
    ...(transport === "https" ? entries(answerFaults, onAnswers) : []),
  ];
  return places.flatMap((place, index) =>
    strangers
      .filter(([what]) => !(ignoresBody && ofBodies.test(what)))
      .map(([what, stranger, { codes, steps }]) => ({
        place,
        what,
        stranger,
        // Silence at a later request is silence while the check reads permissions.
        finding: { codes, steps: index === 0 ? steps : [...steps, "permission"] },
      })),
  );
}

function entries<K extends string>(
  strangers: Record<K, Stranger>,
  findings: Record<K, Finding>,
): [string, Stranger, Finding][] {
  return (Object.keys(strangers) as K[]).map((what) => [what, strangers[what], findings[what]]);
}

function expectFinding({ ok, code, step, field, events }: Outcome, { codes, steps }: Finding): void {
  expect({ ok, code, step }, JSON.stringify(events)).toEqual({
    ok: false,
    code: expect.toBeOneOf([...codes]),
    step: expect.toBeOneOf([...steps]),
  });
  // A fault that the reader can correct names a field. A rate limit or a server fault has no field.
  const isTheirs = ["rate_limited", "server_error", "server_not_ready", "timed_out"].includes(code);
  if (!isTheirs) expect(field, `${code} names a field`).not.toBe("");
}
