import Fastify from "fastify";
import { expect, test } from "vitest";
import { measureAnswers } from "@/automate/http/metrics";
import { createPace } from "@/automate/keys/pace";

test("a rotation goes on at once while no request is served, and rests while one is", async () => {
  const app = Fastify();
  measureAnswers(app);
  app.get("/", async () => "");
  const pace = createPace();
  const large = pace.batch().size;
  const restFor = async () => {
    const startedAt = performance.now();
    await pace.rest();
    return performance.now() - startedAt;
  };
  expect(await restFor()).toBeLessThan(5);
  await app.inject("/");
  expect(await restFor()).toBeGreaterThan(5);
  expect(pace.batch().size).toBeLessThan(large);
  await expect.poll(() => pace.batch().size).toBe(large);
  await app.close();
});
