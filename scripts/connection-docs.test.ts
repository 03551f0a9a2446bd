import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { connectionPages, folder } from "@/scripts/connection-docs";

it("the docs have a page for each kind that matches the registry (`npm run docs` writes them)", () => {
  const pages = connectionPages();
  const written = Object.fromEntries(
    readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), "utf8")]),
  );
  expect(written).toEqual(pages);
});
