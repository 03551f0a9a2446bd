import Fastify from "fastify";
import { expect, test } from "vitest";
import { measureAnswers } from "@/automate/http/metrics";
import { createPace } from "@/automate/keys/pace";

test("a rotation goes on at once while no request is served, and rests while one is", async () => {
  const app = Fastify();
  measureAnswers(app);
  app.get("/", async () => "");
  let time = 0;
  const rests: number[] = [];
  const pace = createPace({ now: () => time, sleep: async (ms) => void rests.push(ms) });
  const large = pace.batch().size;
  await pace.rest();
  expect(rests).toEqual([]);
  await app.inject("/");
  await pace.rest();
  expect(rests).toEqual([20]);
  time += 49;
  expect(pace.batch().size).toBeLessThan(large);
  time += 1;
  expect(pace.batch().size).toBe(large);
  await pace.rest();
  expect(rests).toHaveLength(1);
  await app.close();
});
