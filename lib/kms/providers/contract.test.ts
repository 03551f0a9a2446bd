import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { KeyServiceFault, type MasterKey } from "@/lib/kms/define";
import { openAzureKey } from "@/lib/kms/providers/azure";
import { startAws } from "@/testing/key-services/aws";
import { startAzure } from "@/testing/key-services/azure";
import { startGoogle } from "@/testing/key-services/google";
import type { KeyService } from "@/testing/key-services/key-service";
import { startLocal } from "@/testing/key-services/local";
import { type Outcome, testPromises } from "@/testing/key-services/promises";
import { startTransit } from "@/testing/key-services/transit";

/* Providers against stand-ins on loopback. `testing/peers/` has the same promises with real services. */

/** The outcome of each situation, for every service that is asked over the network. */
const remote: Outcome[] = [
  ["disabled", "disabled", "disabled", "disabled"],
  ["denied", "denied", "denied", "denied"],
  ["wrong credentials", "denied", "denied", "denied"],
  ["missing", "missing", "missing", "missing"],
  ["throttled", "unavailable", "unavailable", "unavailable"],
  ["failing", "unavailable", "unavailable", "unavailable"],
  ["hanging", "unavailable", "unavailable", "unavailable"],
  ["a page of a proxy", "unavailable", "unavailable", "unavailable"],
  ["an empty answer", "unavailable", "unavailable", "unavailable"],
  ["a key of 31 bytes", "-", "unavailable", "-"],
];
const scheduled: Outcome = ["scheduled for deletion", "disabled", "disabled", "disabled"];

describe("local", () => {
  testPromises({ provider: "local", start: startLocal, bindsContext: true, outcomes: [] });
});

describe("aws", () => {
  const named: Outcome = ["the name of another key", "unavailable", "unavailable", "unavailable"];
  testPromises({
    provider: "aws",
    start: startAws,
    bindsContext: true,
    outcomes: [...remote, scheduled, named],
  });
});

describe("transit", () => {
  // Transit does not say which key encrypted or decrypted.
  const named: Outcome = ["the name of another key", "-", "-", "unavailable"];
  testPromises({
    provider: "transit",
    start: startTransit,
    bindsContext: true,
    outcomes: [...remote, named],
  });
});

describe("azure", () => {
  // Azure's wrapkey takes no context.
  const named: Outcome = ["the name of another key", "unavailable", "-", "unavailable"];
  testPromises({ provider: "azure", start: startAzure, bindsContext: false, outcomes: [...remote, named] });
});

describe("google", () => {
  // Google does not say which key decrypted.
  const named: Outcome = ["the name of another key", "unavailable", "-", "unavailable"];
  testPromises({
    provider: "google",
    start: startGoogle,
    bindsContext: true,
    outcomes: [...remote, scheduled, named],
  });
});

/** Requests of wrap, unwrap and describe. Azure is asked for the newest version before each wrap. */
describe.each([
  ["aws", startAws, [1, 1, 1]],
  ["transit", startTransit, [1, 1, 2]],
  ["azure", startAzure, [2, 1, 1]],
  ["google", startGoogle, [1, 1, 1]],
] as const)("requests to %s", (_name, start, whenItWorks) => {
  const context = { fabricId: "0193-fabric", kid: "0193-key" };
  const key = new Uint8Array(32);
  let service: KeyService;
  let master: MasterKey;
  let wrapped: string;

  beforeAll(async () => {
    service = await start();
    master = await service.open();
    wrapped = await master.wrap(key, context);
    await master.unwrap(wrapped, context);
  });
  afterAll(async () => {
    await service.close();
    vi.unstubAllEnvs();
  });

  async function requests(situation: "works" | "failing" | "throttled") {
    const asked: number[] = [];
    for (const operation of ["wrap", "unwrap", "describe"] as const) {
      await service.be(situation);
      const call =
        operation === "wrap"
          ? master.wrap(key, context)
          : operation === "unwrap"
            ? master.unwrap(wrapped, context)
            : master.describe();
      await call.catch((error) => expect(error).toBeInstanceOf(KeyServiceFault));
      asked.push(service.requests());
    }
    return asked;
  }

  test("are as few as the service allows", async () => {
    expect(await requests("works")).toEqual(whenItWorks);
  });

  test("are not repeated after a fault: the keyring retries", async () => {
    expect(await requests("failing")).toEqual([1, 1, 1]);
    expect(await requests("throttled")).toEqual([1, 1, 1]);
  });
});

test("a service's wish to wait reaches the keyring", async () => {
  for (const start of [startTransit, startAzure]) {
    const service = await start();
    const master = await service.open();
    await service.be("throttled");
    const call = master.wrap(new Uint8Array(32), { fabricId: "fabric", kid: "kid" });
    await expect(call).rejects.toMatchObject({ retryAfterMs: 7_000 });
    await service.close();
    vi.unstubAllEnvs();
  }
});

test("a key in Azure requires the operator to say where credentials come from", async () => {
  const keyId = "https://acme.vault.azure.net/keys/main";
  for (const value of [undefined, "nonsense"]) {
    vi.stubEnv("AZURE_TOKEN_CREDENTIALS", value);
    const opened = openAzureKey({ provider: "azure", keyId, algorithm: "RSA-OAEP-256" });
    await expect(opened).rejects.toThrow("requires AZURE_TOKEN_CREDENTIALS=prod");
  }
  vi.unstubAllEnvs();
});
