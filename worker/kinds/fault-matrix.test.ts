import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { connectors } from "@/lib/connectors/registry";
import type { Example, Transport } from "@/testing/connection-examples/define";
import { examples } from "@/testing/connection-examples/registry";
import { createManyChecks } from "@/testing/servers/many-checks";
import { answerFaults, certificateFaults, type Stranger, socketFaults } from "@/testing/servers/misbehaving";
import type { StandIns } from "@/testing/servers/trial-job";

/** The expected result of a fault. */
type Finding = { code: string; step: "network" | "tls" | "sign_in" | "permission" };
const network = (code: string): Finding => ({ code, step: "network" });
const tls = (code: string): Finding => ({ code, step: "tls" });
const signIn = (code: string): Finding => ({ code, step: "sign_in" });
const permission = (code: string): Finding => ({ code, step: "permission" });

const everywhere = (finding: Finding): Record<Transport, Finding> => ({
  https: finding,
  tls: finding,
  tds: finding,
  smtp: finding,
  ssh: finding,
  postgres: finding,
  mysql: finding,
});

const atOnce: Record<Transport, Finding> = {
  ...everywhere(tls("connection_closed")),
  postgres: signIn("connection_closed"),
  mysql: signIn("connection_closed"),
};

/** A client of SMTP or MySQL sends nothing before the server's greeting. */
const atTheFirstByte: Record<Transport, Finding> = {
  ...everywhere(tls("connection_closed")),
  smtp: tls("timed_out"),
  postgres: signIn("connection_closed"),
  mysql: signIn("timed_out"),
};

const onSockets: Record<keyof typeof socketFaults, Record<Transport, Finding>> = {
  "refuses the connection": everywhere(network("connection_refused")),
  "says nothing": {
    ...everywhere(tls("timed_out")),
    postgres: signIn("timed_out"),
    mysql: signIn("timed_out"),
  },
  "resets at once": atOnce,
  "closes at once": atOnce,
  "resets at the first byte": atTheFirstByte,
  "closes at the first byte": atTheFirstByte,
  "talks nonsense": {
    https: tls("tls_not_offered"),
    tls: tls("tls_not_offered"),
    tds: tls("connection_closed"),
    smtp: tls("wrong_protocol"),
    ssh: tls("wrong_protocol"),
    postgres: signIn("connection_closed"),
    mysql: signIn("connection_closed"),
  },
  "talks HTTP in clear": {
    https: tls("tls_not_offered"),
    tls: tls("tls_not_offered"),
    tds: tls("connection_closed"),
    smtp: tls("wrong_protocol"),
    ssh: tls("connection_closed"),
    postgres: signIn("connection_closed"),
    mysql: signIn("connection_closed"),
  },
  "lets one byte fall every 40 ms": {
    https: tls("tls_not_offered"),
    tls: tls("tls_not_offered"),
    tds: tls("connection_closed"),
    smtp: tls("timed_out"),
    ssh: tls("timed_out"),
    postgres: signIn("wrong_protocol"),
    mysql: signIn("wrong_protocol"),
  },
  "repeats what was sent": {
    https: tls("tls_failed"),
    tls: tls("tls_failed"),
    tds: tls("tls_failed"),
    smtp: tls("timed_out"),
    ssh: tls("wrong_protocol"),
    postgres: signIn("timed_out"),
    mysql: signIn("timed_out"),
  },
};

const onCertificates: Record<keyof typeof certificateFaults, Finding> = {
  "has a certificate of a stranger": tls("tls_untrusted"),
  "has a certificate for another name": tls("tls_wrong_name"),
  "has an expired certificate": tls("tls_expired"),
  "has a certificate of next week": tls("tls_not_yet_valid"),
  "speaks TLS 1.1": tls("tls_too_old"),
};

/** At the first endpoint that a check dials; at later endpoints the step is `permission`. */
const onAnswers: Record<Exclude<keyof typeof answerFaults, typeof refusal>, Finding> = {
  "redirects elsewhere": signIn("redirected"),
  "redirects to another page of itself": signIn("redirected"),
  "is a proxy that wants a sign-in": signIn("proxy_in_the_way"),
  "has had too many requests": signIn("rate_limited"),
  "has an error of its own": signIn("server_error"),
  "is under maintenance": signIn("server_error"),
  "answers with a sign-in page": signIn("unexpected_answer"),
  "answers without end": signIn("timed_out"),
  "answers with a megabyte": signIn("answer_too_large"),
  "answers with half a JSON": signIn("unexpected_answer"),
  "answers with a JSON of another shape": signIn("unexpected_answer"),
  "answers with nothing": signIn("unexpected_answer"),
  "cuts its answer off": signIn("connection_closed"),
  "talks nonsense behind TLS": signIn("wrong_protocol"),
};

/** A 403 without a code. Services differ in its meaning: for each kind one finding an endpoint. */
const refusal = "refuses in words of its own";
const onRefusals: Record<string, readonly Finding[]> = {
  ADLS: [signIn("unexpected_answer"), permission("not_permitted")],
  bigquery: [signIn("unexpected_answer"), permission("not_permitted"), permission("not_permitted")],
  databricks: [signIn("unexpected_answer")],
  GCS: [signIn("unexpected_answer"), permission("not_permitted")],
  onedrive: [signIn("unexpected_answer"), permission("consent_missing")],
  powerbi: [signIn("unexpected_answer"), permission("consent_missing")],
  restapi: [permission("not_permitted")],
  s3: [permission("not_permitted")],
  salesforce: [signIn("not_admitted")],
  sharepoint: [signIn("unexpected_answer"), permission("consent_missing")],
  smartsheet: [signIn("not_permitted")],
  snowflake: [signIn("not_admitted")],
  tableau: [signIn("unexpected_answer")],
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

/** Kinds whose client and sign-in another kind has too: only `npm run test:long` tries them. */
const alike = [
  "ADLS",
  "bigquery",
  "databricks",
  "GCS",
  "onedrive",
  "powerbi",
  "redshift",
  "salesforce",
  "sharepoint",
  "smartsheet",
  "synapse",
  "tableau",
];
const tried = Object.entries(examples).filter(([kind]) => process.env.RUN_LONG || !alike.includes(kind));

describe.concurrent.each(tried)("%s", (kind, example) => {
  let started: Awaited<ReturnType<Example["start"]>>;
  beforeAll(async () => {
    started = await example.start(authority);
  });
  afterAll(() => started.close());

  const run = (fault: Pick<StandIns, "routes" | "cutOff"> = { routes: started.routes }) =>
    checks.run(kind, example, { authorities: [authority.cert], ...fault });

  it("passes twice without a fault", async () => {
    expect(await run()).toMatchObject({ ok: true });
    expect(await run()).toMatchObject({ ok: true });
  });

  it.each(faultsOf(kind, example))("$endpoint $what", async ({ endpoint, what, stranger, finding }) => {
    const { port, close } = await stranger({ host: endpoint.replace(/:\d+$/, ""), authority });
    // Only silence gets a short limit. Every other fault ends without one, even on a busy machine.
    const cutOff = finding.code === "timed_out" ? { cutOff: { endpoint, afterMs: 1000 } } : {};
    const { ok, code, step, field, events } = await run({
      routes: { ...started.routes, [endpoint]: port },
      ...cutOff,
    });
    await close();
    // The reset can reach the client before its connect event, and then the connect itself fails. An end comes after.
    const isAtConnect = what === "resets at once" && step === "network";
    expect({ ok, code, step: isAtConnect ? finding.step : step }, JSON.stringify(events)).toEqual({
      ok: false,
      ...finding,
    });
    // A fault that the reader can correct names a field. A rate limit or a server fault has no field.
    const isTheirs = ["rate_limited", "server_error", "timed_out"].includes(code);
    if (!isTheirs) expect(field, `${code} names a field`).not.toBe("");
  });
});

type Fault = { endpoint: string; what: string; stranger: Stranger; finding: Finding };

const strangers: Readonly<Record<string, Stranger>> = {
  ...socketFaults,
  ...certificateFaults,
  ...answerFaults,
};
/** Faults that only affect a body. */
const ofBodies = /without end|megabyte|JSON|with nothing|cuts/;

function faultsOf(kind: string, { endpoints, transport, ignoresBody }: Example): Fault[] {
  return endpoints.flatMap((endpoint, index) => {
    const findings: Record<string, Finding | undefined> = {
      ...Object.fromEntries(Object.entries(onSockets).map(([what, row]) => [what, row[transport]])),
      ...(transport === "tls" || transport === "https" ? onCertificates : {}),
      ...(transport === "https" ? { ...onAnswers, [refusal]: onRefusals[kind]?.[index] } : {}),
    };
    return Object.entries(findings)
      .filter(([what]) => !(ignoresBody && ofBodies.test(what)))
      .map(([what, finding]) => {
        const stranger = strangers[what];
        if (!stranger || !finding) throw new Error(`${kind}: no finding for ${endpoint}, which ${what}.`);
        // Silence or an answer of a later endpoint comes while the check reads permissions.
        const isLate = index > 0 && (what === "says nothing" || what in answerFaults);
        return { endpoint, what, stranger, finding: isLate ? permission(finding.code) : finding };
      });
  });
}
