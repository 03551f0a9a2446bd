import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createAccessToken } from "@/lib/access-tokens/mutations";
import { newAccessToken } from "@/lib/access-tokens/token";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { webEnv } from "@/lib/env";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { createAdmission } from "@/web/admission";
import { createManagementApi } from "@/web/management-api/app";

let owner: Db;
let fabric: TestFabric;
let api: ReturnType<typeof createManagementApi>;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
beforeEach(async () => {
  fabric = await createTestFabric(owner);
  api = createManagementApi(
    createAdmission({ ...webEnv(), WEB_TOKEN_RATE_PER_MINUTE: 5, WEB_ADDRESS_RATE_PER_MINUTE: 3 }),
  );
  // Rates count by minute: the clock stands still within one.
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-30T10:00:48Z") });
});
afterEach(() => void vi.useRealTimers());
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

async function tokenOf(person: TestFabric["admin"]): Promise<string> {
  const fresh = { ...person, authenticatedAt: new Date() };
  const created = await createAccessToken(fresh, { name: "scripts", lifetime: "30" });
  if (!created.ok) throw new Error("no token");
  return created.value.token;
}

const list = (token: string) =>
  api.inject({ url: "/api/orchestration/fabric", headers: { "x-auth-token": token } });

test("an access token over its rate gets 429 with Retry-After in the API's envelope; others do not", async () => {
  const [greedy, other] = [await tokenOf(fabric.admin), await tokenOf(fabric.user)];
  for (let i = 0; i < 5; i++) expect((await list(greedy)).statusCode).toBe(200);
  const refused = await list(greedy);
  expect([refused.statusCode, refused.headers["retry-after"], refused.json()]).toEqual([
    429,
    "12",
    {
      success: false,
      message:
        "List fabrics failed due to : This access token has sent more than 5 requests in this minute. Try again in 12 seconds.",
    },
  ]);
  expect((await list(other)).statusCode).toBe(200);
  vi.setSystemTime(new Date("2026-11-30T10:01:00Z"));
  expect((await list(greedy)).statusCode).toBe(200);
});

test("a token that worked before counts for its address once it is revoked", async () => {
  const token = await tokenOf(fabric.admin);
  expect((await list(token)).statusCode).toBe(200);
  await owner.accessToken.updateMany({ where: { userId: fabric.admin.id }, data: { revokedAt: new Date() } });
  const statuses = [];
  for (let i = 0; i < 6; i++) statuses.push((await list(token)).statusCode);
  // The first one tells that it no longer works.
  expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
});

test("unknown tokens of one address are refused after a while, and a token that worked is not", async () => {
  const known = await tokenOf(fabric.admin);
  expect((await list(known)).statusCode).toBe(200);
  const statuses = [];
  for (let i = 0; i < 5; i++) statuses.push((await list(newAccessToken().token)).statusCode);
  expect(statuses).toEqual([401, 401, 401, 429, 429]);
  expect((await list(known)).statusCode).toBe(200);
});
