import { createAuthority } from "@/launcher/certificates.mjs";
import { examples } from "@/testing/connection-examples/registry";
import { createShippedTrials } from "@/testing/servers/check-trial";
import { createManyChecks } from "@/testing/servers/many-checks";

/*
 * Measures a passing check of each kind on loopback, as automate runs it: in its own prewarmed worker, which
 * has loaded this kind's driver. The measured time is the caller's wait. The yardstick is the same driver's
 * connect and query in a process that has run it before.
 */
const rounds = Number(process.env.ROUNDS ?? 20);
const kinds = process.env.KINDS?.split(",");
const authority = await createAuthority("Authority of the benchmark");
const rows: string[][] = [];

for (const [kind, example] of Object.entries(examples)) {
  if (kinds !== undefined && !kinds.includes(kind)) continue;
  const { routes, close } = await example.start(authority);
  const world = { routes, authorities: [authority.cert] };
  const trials = createShippedTrials(world);
  const many = createManyChecks();
  const check = async () => (await trials.run(kind, example.properties, example.secrets)).wholeMs;
  const [whole, bare]: [number[], number[]] = [[], []];

  // The first check meets a worker that was prewarmed without knowing the kind.
  const unprepared = await check();
  await many.run(kind, example, world, 8000);
  for (let round = 0; round < rounds; round += 1) {
    // A person's checks have pauses between them, in which the next worker is prewarmed.
    await pause(1000);
    whole.push(await check());
    const yardstick = await many.run(kind, example, world, 8000);
    if (!yardstick.ok) throw new Error(`The yardstick of ${kind} did not pass: ${yardstick.code}.`);
    bare.push(yardstick.ms);
  }
  const [p50, yardstick] = [quantile(whole, 0.5), quantile(bare, 0.5)];
  rows.push([kind, ms(p50), ms(quantile(whole, 0.95)), ms(yardstick), ms(p50 - yardstick), ms(unprepared)]);
  trials.close();
  many.close();
  await close();
}

console.log(
  "| Kind | p50 | p95 | bare driver p50 | beyond it | after another kind |\n|---|--:|--:|--:|--:|--:|",
);
for (const row of rows) console.log(`| ${row.join(" | ")} |`);
process.exit(0);

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs));
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
