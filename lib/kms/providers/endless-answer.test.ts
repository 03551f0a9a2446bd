import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { KeyServiceFault, type MasterKey } from "@/lib/kms/define";
import { startAws } from "@/testing/key-services/aws";
import { startAzure } from "@/testing/key-services/azure";
import { startGoogle } from "@/testing/key-services/google";
import type { KeyService } from "@/testing/key-services/key-service";
import { startTransit } from "@/testing/key-services/transit";

/* A team may run the service of its key itself. Its answers must not fill automate's memory. */

const context = { fabricId: "f", kid: "k" };
const key = new Uint8Array(32);

describe.each([
  ["aws", startAws, false],
  ["transit", startTransit, true],
  ["azure", startAzure, true],
  ["google", startGoogle, true],
] as const)("%s", (_name, start, decompresses) => {
  let service: KeyService;
  let master: MasterKey;
  let wrapped: string;

  beforeAll(async () => {
    service = await start();
    master = await service.open();
    wrapped = await master.wrap(key, context);
  });
  afterAll(async () => {
    await master.close?.();
    await service.close();
    vi.unstubAllEnvs();
  });

  test("an answer without an end is given up after a few mebibytes", async () => {
    for (const ask of [() => master.wrap(key, context), () => master.unwrap(wrapped, context)]) {
      await service.be("an answer without an end");
      await expect(ask()).rejects.toThrow(KeyServiceFault);
      expect(service.sentMebibytes?.()).toBeLessThan(64);
    }
    await service.be("an answer without an end");
    expect((await master.describe()).state).toBe("unavailable");
    expect(service.sentMebibytes?.()).toBeLessThan(64);
  });

  test.runIf(decompresses)(
    "a small answer that decompresses to one without an end is given up as well",
    async () => {
      await service.be("a compressed answer without an end");
      await expect(master.unwrap(wrapped, context)).rejects.toThrow(KeyServiceFault);
      expect(service.sentMebibytes?.()).toBeLessThan(300);
    },
  );

  test("serves again afterwards", async () => {
    await service.be("works");
    expect(await master.unwrap(wrapped, context)).toEqual(key);
  });
});
