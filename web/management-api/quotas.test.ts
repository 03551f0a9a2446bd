import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAccessToken } from "@/lib/access-tokens/mutations";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { createManagementApi } from "@/web/management-api/app";

let owner: Db;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate, {
    QUOTA_SECRETS_PER_FABRIC: "2",
    QUOTA_CONNECTIONS_PER_FABRIC: "1",
  });
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

test("a script over a quota gets 409, with the quota, its number and what to do, and may repeat its request later", async () => {
  const fabric = await createTestFabric(owner);
  const created = await createAccessToken(fabric.user, { name: "scripts", lifetime: "30" });
  if (!created.ok) throw new Error("no token");
  const api = createManagementApi();
  const post = async (path: "secret" | "connection", body: object, key: string = randomUUID()) => {
    const answer = await api.inject({
      method: "POST",
      url: `/api/orchestration/fabric/${fabric.fabricId}/${path}`,
      headers: { "x-auth-token": created.value.token, "idempotency-key": key },
      payload: body,
    });
    return { status: answer.statusCode, json: answer.json(), id: answer.json().data?.id };
  };
  const secret = (name: string) => ({ kind: "prophecy", subKind: "text", properties: { name, value: "v" } });
  const first = await post("secret", secret("one"));
  expect([first.status, (await post("secret", secret("two"))).status]).toEqual([200, 200]);
  const refused = await post("secret", secret("three"), "key-of-three");
  expect(refused).toMatchObject({
    status: 409,
    json: {
      success: false,
      message:
        "Create Secret failed due to : This fabric may have 2 secrets, and this would exceed it. Delete secrets that nothing uses, or ask an operator of Selvage to raise QUOTA_SECRETS_PER_FABRIC.",
    },
  });
  await owner.secret.update({ where: { id: first.id }, data: { deletedAt: new Date() } });
  expect((await post("secret", secret("three"), "key-of-three")).status).toBe(200);

  const properties = { baseUrl: "https://api.example.com" };
  const rest = (name: string) => ({ name, kind: "restapi", isDefaultWarehouseConnection: false, properties });
  expect((await post("connection", rest("one"))).status).toBe(200);
  expect(await post("connection", rest("two"))).toMatchObject({
    status: 409,
    json: { message: expect.stringContaining("This fabric may have 1 connections") },
  });
});
