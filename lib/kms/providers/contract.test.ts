import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { CannotUnwrap, KeyServiceFault, type MasterKey } from "@/lib/kms/define";
import { startAws } from "@/testing/key-services/aws";
import { startAzure } from "@/testing/key-services/azure";
import { startGoogle } from "@/testing/key-services/google";
import type { KeyService, Situation } from "@/testing/key-services/key-service";
import { startLocal } from "@/testing/key-services/local";
import { startTransit } from "@/testing/key-services/transit";

/* What every provider promises. `testing/peers/` has the same test against real services. */

const context = { fabricId: "0193-fabric", kid: "0193-key" };
const otherFabric = { ...context, fabricId: "0193-other-fabric" };
const otherKid = { ...context, kid: "0193-other-key" };
const otherContexts = [otherFabric, otherKid];

const providers = {
  local: startLocal,
  aws: startAws,
  transit: startTransit,
  azure: startAzure,
  google: startGoogle,
};
type Name = keyof typeof providers;
const remote: Name[] = ["aws", "transit", "azure", "google"];
/** The wrapkey of Azure takes no context. */
const bindsContext: Record<Name, boolean> = {
  local: true,
  aws: true,
  transit: true,
  azure: false,
  google: true,
};

/** What wrap, unwrap and describe come to, by hand. A dash: the service does not know the situation there. */
const outcomes: [Situation, string, string, string, Name[]][] = [
  ["disabled", "disabled", "disabled", "disabled", remote],
  ["scheduled for deletion", "disabled", "disabled", "disabled", ["aws", "google"]],
  ["denied", "denied", "denied", "denied", remote],
  ["wrong credentials", "denied", "denied", "denied", remote],
  ["missing", "missing", "missing", "missing", remote],
  ["throttled", "unavailable", "unavailable", "unavailable", remote],
  ["failing", "unavailable", "unavailable", "unavailable", remote],
  ["hanging", "unavailable", "unavailable", "unavailable", remote],
  ["a page of a proxy", "unavailable", "unavailable", "unavailable", remote],
  ["an empty answer", "unavailable", "unavailable", "unavailable", remote],
  ["a key of 31 bytes", "-", "unavailable", "-", remote],
  ["the name of another key", "unavailable", "unavailable", "unavailable", ["aws"]],
  // Transit and the unwrap of the others do not say which key they used.
  ["the name of another key", "-", "-", "unavailable", ["transit"]],
  ["the name of another key", "unavailable", "-", "unavailable", ["azure", "google"]],
];
/** Requests of one operation after the first. Azure is asked for the newest version before each wrap. */
const requestsOf: Record<Name, { wrap: number; unwrap: number; describe: number }> = {
  local: { wrap: 0, unwrap: 0, describe: 0 },
  aws: { wrap: 1, unwrap: 1, describe: 1 },
  transit: { wrap: 1, unwrap: 1, describe: 2 },
  azure: { wrap: 2, unwrap: 1, describe: 1 },
  google: { wrap: 1, unwrap: 1, describe: 1 },
};

const key = new Uint8Array(randomBytes(32));
/** What no fault may carry, in its message or behind it: an operator's log could contain it. */
const secrets = new RegExp(
  `canary|${Buffer.from(key).toString("base64").slice(0, 40).replace(/[+/]/g, "\\$&")}`,
);

/** Time for an answer on loopback, and no more. */
const shortly = () => AbortSignal.timeout(300);

async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "works";
  } catch (error) {
    if (error instanceof CannotUnwrap) return "cannot unwrap";
    if (error instanceof KeyServiceFault) {
      expect(inspect(error, { depth: 12, showHidden: true, maxStringLength: null })).not.toMatch(secrets);
      return error.state;
    }
    throw error;
  }
}

describe.each(Object.keys(providers) as Name[])("%s", (name) => {
  let service: KeyService;
  let master: MasterKey;
  let wrapped: string;

  beforeAll(async () => {
    service = await providers[name]();
    master = await service.open();
    wrapped = await master.wrap(key, context);
  });
  beforeEach(() => service.be("works"));
  afterAll(async () => {
    await master.close?.();
    await service.close();
    vi.unstubAllEnvs();
  });

  test("a key comes back as it was wrapped, also after a restart", async () => {
    expect(await master.unwrap(wrapped, context)).toEqual(key);
    const restarted = await service.open();
    expect(await restarted.unwrap(wrapped, context)).toEqual(key);
    await restarted.close?.();
  });

  test("two wraps of one key differ, and neither contains it", async () => {
    const again = await master.wrap(key, context);
    expect(again).not.toBe(wrapped);
    for (const encoding of ["base64", "base64url", "hex"] as const)
      expect(wrapped).not.toContain(Buffer.from(key).toString(encoding).slice(0, 20));
  });

  test("a wrapped key opens only for its fabric and kid, where the service can bind them", async () => {
    const results = await Promise.all(otherContexts.map((other) => outcome(master.unwrap(wrapped, other))));
    expect(results).toEqual(bindsContext[name] ? ["cannot unwrap", "cannot unwrap"] : ["works", "works"]);
  });

  test("what another key wrapped, and what was changed, does not unwrap", async () => {
    const other = await service.openOther();
    const changed = wrapped.slice(0, -12) + (wrapped.at(-12) === "A" ? "B" : "A") + wrapped.slice(-11);
    const texts = [
      await other.wrap(key, context),
      changed,
      wrapped.slice(0, -8),
      "",
      "garbage",
      "../../other",
    ];
    const results = await Promise.all(texts.map((text) => outcome(master.unwrap(text, context))));
    expect(results).toEqual(texts.map(() => "cannot unwrap"));
    await other.close?.();
  });

  test("the description names provider, key and fingerprint, and says that it works", async () => {
    const { provider, keyId, fingerprint } = master;
    expect(await master.describe()).toEqual({ provider, keyId, fingerprint, state: "enabled" });
    expect(provider).toBe(name);
    expect(fingerprint).toMatch(/^[\w-]{16}$/);
    const other = await service.openOther();
    expect(other.fingerprint).not.toBe(fingerprint);
    await other.close?.();
  });

  test("each operation asks the service once, without retries of its own", async () => {
    const operations = {
      wrap: () => master.wrap(key, context),
      unwrap: () => master.unwrap(wrapped, context),
      describe: () => master.describe(),
    };
    for (const situation of ["works", "failing"] as const) {
      if (situation === "failing" && !remote.includes(name)) continue;
      const asked = { wrap: 0, unwrap: 0, describe: 0 };
      for (const operation of ["wrap", "unwrap", "describe"] as const) {
        service.be(situation);
        await outcome(operations[operation]());
        asked[operation] = service.requests();
      }
      // A fault ends an operation at its first request.
      const once = { wrap: 1, unwrap: 1, describe: 1 };
      expect({ situation, asked }).toEqual({
        situation,
        asked: situation === "works" ? requestsOf[name] : once,
      });
    }
  });

  const known = outcomes.filter(([, , , , names]) => names.includes(name));
  test.each(known)(
    "%s: wrap is %s, unwrap is %s, describe says %s",
    async (situation, wrap, unwrap, state) => {
      service.be(situation);
      const signal = situation === "hanging" ? shortly : () => undefined;
      const found = [
        await outcome(master.wrap(key, context, signal())),
        await outcome(master.unwrap(wrapped, context, signal())),
        (await master.describe(signal())).state,
      ];
      const expected = [wrap, unwrap, state];
      expect(found.map((one, index) => (expected[index] === "-" ? "-" : one))).toEqual(expected);
      service.be("works");
      expect(await master.unwrap(wrapped, context)).toEqual(key);
    },
  );
});

test("a service's wish to wait reaches the keyring", async () => {
  const service = await startTransit();
  const master = await service.open();
  service.be("throttled");
  await expect(master.wrap(new Uint8Array(32), context)).rejects.toMatchObject({ retryAfterMs: 7_000 });
  await service.close();
  vi.unstubAllEnvs();
});
