import type { BenchRow, LoadResult } from "@/scripts/bench/schema";

/** Runs each row with each number of clients and prints the table as Markdown, a row as soon as it is known. */
export async function printTable(rows: readonly BenchRow[], clients: readonly number[]): Promise<void> {
  const heads = clients.flatMap((n) => [`${n} client${n === 1 ? "" : "s"}`, "p50", "p99"]);
  print(["", ...heads]);
  print(["---", ...heads.map(() => "--:")]);
  for (const { title, unitsPerRequest = 1, run } of rows) {
    const cells: string[] = [];
    for (const n of clients) cells.push(...cellsOf(await run(n), unitsPerRequest));
    print([title, ...cells]);
  }
}

function cellsOf({ perSecond, p50Ms, p99Ms, failures }: LoadResult, units: number): string[] {
  const rate = Math.round(perSecond * units).toLocaleString("en-US");
  return [failures ? `${rate}/s (${failures} failed)` : `${rate}/s`, ms(p50Ms), ms(p99Ms)];
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}

function print(cells: readonly string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}
