import { afterAll, beforeAll, expect, test } from "vitest";
import { openPool } from "@/lib/pool";
import { createTestDatabase } from "@/scripts/test-database";

let pool: ReturnType<typeof openPool>;
let owner: ReturnType<typeof openPool>;

beforeAll(async () => {
  const urls = await createTestDatabase("web");
  pool = openPool(urls.webUrl, { max: 2 });
  owner = openPool(urls.ownerUrl, { max: 1 });
});
afterAll(() => Promise.all([pool.end(), owner.end()]));

test("a connection that breaks while somebody holds it throws nothing past its queries", async () => {
  const client = await pool.connect();
  const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
  const ended = new Promise<void>((resolve) => client.once("end", resolve));
  await owner.query("SELECT pg_terminate_backend($1)", [rows[0].pid]);
  await ended;
  await expect(client.query("SELECT 1")).rejects.toThrow();
  client.release(true);
  expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
});
