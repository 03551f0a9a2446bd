import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { CannotUnwrap, KeyServiceFault, type MasterKey } from "@/lib/kms/define";
import type { KeyService, Situation } from "@/testing/key-services/key-service";

/** A situation, and what wrap, unwrap and describe then come to. A dash: it is not promised. */
export type Outcome = readonly [situation: Situation, wrap: string, unwrap: string, describe: string];

export type Promised = {
  provider: MasterKey["provider"];
  start: () => Promise<KeyService>;
  bindsContext: boolean;
  outcomes: readonly Outcome[];
  /** The outcome for another key's ciphertext, of a service that does not answer as documented. */
  anotherKey?: string;
  /** How long a key service may take until a caller gives up, in situation "hanging". */
  patienceMs?: number;
};

const context = { fabricId: "0193-fabric", kid: "0193-key" };
const otherContexts = [
  { ...context, fabricId: "0193-other-fabric" },
  { ...context, kid: "0193-other-key" },
];
const key = new Uint8Array(randomBytes(32));
const encodings = ["base64", "base64url", "hex"] as const;
const encoded = encodings.map((encoding) => Buffer.from(key).toString(encoding).slice(0, 40));

/** The outcome of a call. A fault may carry no secret, in its message or behind it: a log could contain it. */
async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "works";
  } catch (error) {
    const shown = inspect(error, { depth: 12, showHidden: true, maxStringLength: null });
    for (const secret of ["canary", ...encoded]) expect(shown).not.toContain(secret);
    if (error instanceof CannotUnwrap) return "cannot unwrap";
    if (error instanceof KeyServiceFault) return error.state;
    throw error;
  }
}

/** The promises of every provider, as tests of the suite that calls this. */
export function testPromises(promised: Promised): void {
  const {
    provider,
    start,
    bindsContext,
    outcomes,
    anotherKey = "cannot unwrap",
    patienceMs = 300,
  } = promised;
  let service: KeyService;
  let master: MasterKey;
  let wrapped: string;

  beforeAll(async () => {
    service = await start();
    master = await service.open();
    wrapped = await master.wrap(key, context);
  }, 300_000);
  beforeEach(() => service.be("works"));
  afterAll(async () => {
    await master?.close?.();
    await service?.close();
    vi.unstubAllEnvs();
  });

  test("a key comes back as it was wrapped, also after a restart", async () => {
    expect(await master.unwrap(wrapped, context)).toEqual(key);
    const restarted = await service.open();
    expect(await restarted.unwrap(wrapped, context)).toEqual(key);
    await restarted.close?.();
  });

  test("two wraps of one key differ, and neither contains it", async () => {
    expect(await master.wrap(key, context)).not.toBe(wrapped);
    for (const secret of encoded) expect(wrapped).not.toContain(secret.slice(0, 20));
  });

  test("many callers at once each get their own key", async () => {
    const keys = Array.from({ length: 20 }, () => new Uint8Array(randomBytes(32)));
    const texts = await Promise.all(
      keys.map((one, index) => master.wrap(one, { ...context, kid: `${index}` })),
    );
    const back = texts.map((text, index) => master.unwrap(text, { ...context, kid: `${index}` }));
    expect(await Promise.all(back)).toEqual(keys);
  });

  test("a wrapped key opens only for its fabric and kid, where the service can bind them", async () => {
    const results = await Promise.all(otherContexts.map((other) => outcome(master.unwrap(wrapped, other))));
    expect(results).toEqual(bindsContext ? ["cannot unwrap", "cannot unwrap"] : ["works", "works"]);
  });

  test("what another key wrapped, and what was changed, does not unwrap", async () => {
    const other = await service.openOther();
    const changed = wrapped.slice(0, -12) + (wrapped.at(-12) === "A" ? "B" : "A") + wrapped.slice(-11);
    const texts = [changed, wrapped.slice(0, -8), "", "garbage", "../../other"];
    const results = await Promise.all(texts.map((text) => outcome(master.unwrap(text, context))));
    expect(results).toEqual(texts.map(() => "cannot unwrap"));
    const foreign = await other.wrap(key, context);
    expect(await outcome(master.unwrap(foreign, context))).toBe(anotherKey);
    await other.close?.();
  });

  test("the description names provider, key and fingerprint, and says that it works", async () => {
    const { keyId, fingerprint } = master;
    expect(await master.describe()).toEqual({ provider, keyId, fingerprint, state: "enabled" });
    expect(fingerprint).toMatch(/^[\w-]{16}$/);
    const other = await service.openOther();
    expect(other.fingerprint).not.toBe(fingerprint);
    await other.close?.();
  });

  test.each(outcomes)("%s: wrap is %s, unwrap is %s, describe says %s", async (situation, ...expected) => {
    await service.be(situation);
    const signal = () => (situation === "hanging" ? AbortSignal.timeout(patienceMs) : undefined);
    const found = [
      await outcome(master.wrap(key, context, signal())),
      await outcome(master.unwrap(wrapped, context, signal())),
      (await master.describe(signal())).state,
    ];
    expect(found.map((one, index) => (expected[index] === "-" ? "-" : one))).toEqual(expected);
    await service.be("works");
    expect(await master.unwrap(wrapped, context)).toEqual(key);
  });
}
