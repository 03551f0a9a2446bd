import { readFileSync } from "node:fs";
import { Client } from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "@/testing/database";

test("operations.md says of each table who bounds its rows", async () => {
  const text = readFileSync(new URL("../docs/operations.md", import.meta.url), "utf8");
  const section = /### What grows\n([\s\S]*?)\n##/.exec(text)?.[1] ?? "";
  const lines = [...section.matchAll(/^\| `(\w+)` \| (.+) \|$/gm)];
  const owner = new Client({ connectionString: (await createTestDatabase("web")).ownerUrl });
  await owner.connect();
  const { rows } = await owner.query(
    `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
       AND NOT relispartition AND relname <> '_prisma_migrations'`,
  );
  await owner.end();
  expect(lines.map(([, table]) => table)).toEqual(rows.map(({ relname }) => relname).sort());
  expect(lines.filter(([, , by = ""]) => by.length < 7)).toEqual([]);
});
