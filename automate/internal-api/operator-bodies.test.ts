import { request } from "node:http";
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createInternalApp } from "@/automate/app";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let internal: FastifyInstance;

beforeAll(async () => {
  const keys = await createTestKeys();
  const urls = await createTestDatabase("automate");
  Object.assign(process.env, keys.automate, { AUTOMATE_URL: "http://automate.test" });
  owner = createDb(urls.ownerUrl);
  const { keys: fabricKeys } = await createTestFabric(owner);
  const notRun = () => Promise.reject(new Error("no check runs here"));
  internal = createInternalApp({ keys: fabricKeys, reach: notRun, runPrepared: notRun, logger: false });
  await internal.listen({ host: "127.0.0.1", port: 0 });
});

afterAll(async () => {
  await internal.close();
  await owner.$disconnect();
  await closeDb();
});

test("automate reads no body of a drill before it knows that the operator sends it", async () => {
  const { port } = internal.server.address() as AddressInfo;
  const sent = request({
    ...{ host: "127.0.0.1", port, method: "POST", path: "/internal/operator/drills/open" },
    headers: {
      "content-type": "application/json",
      "content-length": 40 * 1024 * 1024,
      authorization: "Selvage a.b.c",
    },
  });
  const status = new Promise((resolve, reject) =>
    sent.once("response", (response) => resolve(response.statusCode)).once("error", reject),
  );
  // All but the body.
  sent.flushHeaders();
  expect(await status).toBe(401);
  sent.destroy();
});
