import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const drawings = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".svg"));

describe.each(drawings)("%s", (file) => {
  const text = readFileSync(`${import.meta.dirname}/${file}`, "utf8");

  test("names its set and its free licence", () => {
    expect(text).toMatch(/^<!-- (SVG Logos|Simple Icons) [\d.]+, [\w-]+, CC0-1\.0 -->\n/);
  });

  test("is a drawing alone: no script, no style, no link to elsewhere", () => {
    const tags = new Set([...text.matchAll(/<(\w+)/g)].map(([, tag]) => tag));
    const drawn = ["svg", "defs", "path", "linearGradient", "stop", "mask", "use"];
    expect([...tags].filter((tag) => !drawn.includes(tag ?? ""))).toEqual([]);
    expect(text.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(
      /https?:|\bon\w+=|href="(?!#)/,
    );
  });
});
