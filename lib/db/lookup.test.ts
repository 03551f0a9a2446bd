import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closeDb } from "@/lib/db/client";
import { createLookup } from "@/lib/db/lookup";
import { preparedQuery } from "@/lib/db/prepared";
import { createTestDatabase } from "@/testing/database";

type Row = { n: number; value: string };
const echo = preparedQuery<Row>(
  `SELECT asked.n::int AS n, asked.value FROM unnest($1::text[]) WITH ORDINALITY AS asked(value, n) WHERE asked.value <> 'none'`,
);
let asked: string[][];
const find = createLookup<string, Row>((values) => {
  asked.push([...values]);
  return echo(values);
});

beforeAll(() => createTestDatabase("web"));
afterAll(closeDb);

describe("a batched lookup", () => {
  test("returns each caller its own rows, with one statement", async () => {
    asked = [];
    const answers = await Promise.all([find(["a", "none"]), find(["b"]), find(["a"])]);
    expect(answers.map((rows) => rows.map((row) => row?.value))).toEqual([["a", undefined], ["b"], ["a"]]);
    expect(asked).toEqual([["a", "none", "b", "a"]]);
  });

  test("fails only the caller whose value Postgres refuses", async () => {
    asked = [];
    const [bad, good] = await Promise.allSettled([find(["\0"]), find(["a"])]);
    expect(bad).toMatchObject({ status: "rejected" });
    expect(good).toMatchObject({ status: "fulfilled", value: [{ value: "a" }] });
  });
});
