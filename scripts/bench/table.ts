import { cpuSeconds } from "@/scripts/bench/cpu";
import type { BenchRow, LoadResult } from "@/scripts/bench/schema";

/**
 * Runs each row with each number of clients, and prints each as Markdown once it is done. The last column is
 * the CPU time per answer, of automate or the row's own program. On a shared machine it is more reliable than
 * a rate. Throws when any answer failed.
 */
export async function printTable(
  rows: readonly BenchRow[],
  clients: readonly number[],
  automatePid: number | undefined,
): Promise<void> {
  const heads = clients.flatMap((n) => [`${n} client${n === 1 ? "" : "s"}`, "p50", "p99"]);
  let failed = 0;
  print(["", ...heads, "CPU each"]);
  print(["---", ...heads.map(() => "--:"), "--:"]);
  for (const { title, unitsPerRequest = 1, pid = automatePid, run } of rows) {
    const cells: string[] = [];
    let cpu = "";
    for (const n of clients) {
      const before = cpuSeconds(pid);
      const result = await run(n);
      const after = cpuSeconds(pid);
      failed += result.failures;
      cells.push(...cellsOf(result, unitsPerRequest));
      if (before !== null && after !== null)
        cpu = `${Math.round(((after - before) * 1e6) / (result.answers * unitsPerRequest))} µs`;
    }
    print([title, ...cells, title.startsWith("yardstick") && pid === automatePid ? "" : cpu]);
  }
  if (failed > 0) throw new Error(`${failed} answers were not as expected.`);
}

function cellsOf({ perSecond, p50Ms, p99Ms, failures }: LoadResult, units: number): string[] {
  const rate = Math.round(perSecond * units).toLocaleString("en-US");
  return [failures ? `${rate}/s (${failures} failed)` : `${rate}/s`, ms(p50Ms), ms(p99Ms)];
}

function ms(value: number): string {
  if (Number.isNaN(value)) return "–";
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}

function print(cells: readonly string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}
