import { afterAll, beforeAll, expect, test } from "vitest";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createToken, revokeToken } from "@/lib/pipeline-tokens/mutations";
import { createPipelineTokenInput } from "@/lib/pipeline-tokens/schema";
import { QuotaExceeded } from "@/lib/result";
import { createTestAutomates } from "@/testing/automate";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;
let automates: ReturnType<typeof createTestAutomates>;

beforeAll(async () => {
  const keys = await createTestKeys();
  const urls = await createTestDatabase("web");
  automates = createTestAutomates(() => ({
    ...keys.automate,
    AUTOMATE_DATABASE_URL: urls.automateUrl,
    QUOTA_PIPELINE_TOKENS_PER_FABRIC: "2",
  }));
  const { internalUrl } = await automates.start();
  Object.assign(process.env, keys.web, keys.automate, { AUTOMATE_URL: internalUrl });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
});
afterAll(async () => {
  automates.stopAll();
  await owner.$disconnect();
  await closeDb();
});

test("a fabric has so many working pipeline tokens, even when five are created at once; a revoked one makes room", async () => {
  const scope = () => fabric.scope("admin", "token:write");
  const create = () =>
    createToken(scope(), createPipelineTokenInput.parse({ name: "nightly", lifetime: "30" }));
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, create));
  const created = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  expect(created).toHaveLength(2);
  const refused = outcomes.find((outcome) => outcome.status === "rejected");
  expect(refused?.reason).toEqual(
    new QuotaExceeded(
      "This fabric has 2 working pipeline tokens, its limit. Revoke one that nothing uses, or ask an operator of Selvage to raise QUOTA_PIPELINE_TOKENS_PER_FABRIC.",
    ),
  );
  const [first] = created;
  if (!first?.ok) throw new Error("no token");
  await revokeToken(scope(), { tokenId: first.value.id });
  expect((await create()).ok).toBe(true);
});
