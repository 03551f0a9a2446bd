import { afterAll, describe, expect, test } from "vitest";
import { createCandidate } from "@/lib/candidates/mutations";
import { closeDb, createDb } from "@/lib/db/client";
import { createSecret } from "@/lib/secrets/mutations";
import { createTestAutomates } from "@/testing/automate";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { signRequest } from "@/testing/signed-request";

// automate/candidates/promote.test.ts fails each write of a promotion in turn. Here, automate itself is killed.

const rounds = 12;

describe.runIf(process.env.RUN_LONG)("automate that is killed while it promotes", () => {
  afterAll(() => closeDb());

  test("leaves the former value wholly current, or the new one, and a repeated promotion says which", {
    timeout: 600_000,
  }, async () => {
    const keys = await createTestKeys();
    const urls = await createTestDatabase("web");
    const automates = createTestAutomates(() => ({
      ...keys.automate,
      AUTOMATE_DATABASE_URL: urls.automateUrl,
    }));
    Object.assign(process.env, keys.web, keys.automate);
    const owner = createDb(urls.ownerUrl);
    const fabric = await createTestFabric(owner, "killed");
    const scope = fabric.scope("user", "secret:write");
    const seen = new Set<number>();
    /** How long the last promotion took that was not interrupted. */
    let tookMs = 60;
    for (let round = 0; round < rounds; round += 1) {
      const fields = { value: "former" };
      const created = await createSecret(scope, {
        subKind: "text",
        name: `s${round}`,
        description: "",
        fields,
      });
      if (!created.ok) throw new Error(created.code);
      const secretId = created.value.id;
      const input = { subKind: "text", secretId, expectedVersion: 1, destinationIds: [] } as const;
      const entered = await createCandidate(scope, {
        ...input,
        destinationIds: [],
        fields: { value: "next" },
      });
      if (!entered.ok) throw new Error(entered.code);
      const promote = async (automateUrl: string) =>
        fetch(
          await signRequest(
            { automateUrl, signingKey: keys.web.WEB_SIGNING_KEY },
            { userId: fabric.user.id, fabricId: fabric.fabricId },
            "candidate:promote",
            { secretId, candidate: 1, accepted: [] },
          ),
        );
      const first = await automates.start();
      const interrupted = promote(first.internalUrl).catch(() => null);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 1.5 * tookMs));
      first.process.kill("SIGKILL");
      await interrupted;

      const candidate = await owner.secretCandidate.findFirstOrThrow({ where: { secretId } });
      const newest = await owner.secretVersion.findFirstOrThrow({
        where: { secretId },
        orderBy: { version: "desc" },
      });
      const events = await owner.auditEvent.count({
        where: { objectId: secretId, action: "secret.promote" },
      });
      seen.add(newest.version);
      const isPromoted = newest.version === 2;
      expect([candidate.outcome, candidate.promotedVersion, events]).toEqual(
        isPromoted ? ["promoted", 2, 1] : [null, null, 0],
      );
      expect(newest.manifest).toEqual({ value: isPromoted ? -1 : 1 });

      const second = await automates.start();
      const startedAt = performance.now();
      const answer = await promote(second.internalUrl);
      if (!isPromoted) tookMs = performance.now() - startedAt;
      expect(await answer.json()).toEqual(
        isPromoted ? { problem: "promoted", by: "Uri User" } : { version: 2 },
      );
      second.process.kill("SIGKILL");
    }
    // Kills before and after the commit.
    expect([...seen].sort()).toEqual([1, 2]);
    automates.stopAll();
    await owner.$disconnect();
  });
});
