import { createAuthority } from "@/e2e/fakes/certificates";
import { createShippedTrials } from "@/e2e/fakes/check-trial";
import { examples } from "@/e2e/fakes/examples/registry";
import { createManyChecks } from "@/e2e/fakes/many-checks";

/*
 * Times a passing check of each kind on loopback, as automate runs it (a process of its own, prepared while it waited),
 * beside the yardstick: the same driver's connect and query in a process that has it loaded and warm.
 */
const rounds = Number(process.env.ROUNDS ?? 20);
const authority = await createAuthority("Authority of the benchmark");
const rows: string[][] = [];

for (const [kind, example] of Object.entries(examples)) {
  const { routes, close } = await example.start(authority);
  const world = { routes, authorities: [authority.cert] };
  const trials = createShippedTrials(world);
  const many = createManyChecks();
  const whole: number[] = [];
  const bare: number[] = [];
  const cold = await timed(() => trials.run(kind, example.properties, example.secrets));
  await many.run(kind, example, world, 8000);
  for (let round = 0; round < rounds; round += 1) {
    // As between two checks of a person: the next worker has had the time to get ready.
    await new Promise((resolve) => setTimeout(resolve, 700));
    whole.push(await timed(() => trials.run(kind, example.properties, example.secrets)));
    const { ok, code, events } = await many.run(kind, example, world, 8000);
    const last = events.at(-1);
    if (!ok || last?.type !== "result") throw new Error(`The yardstick of ${kind} did not pass: ${code}.`);
    bare.push(last.ms);
  }
  const [p50, yardstick] = [quantile(whole, 0.5), quantile(bare, 0.5)];
  rows.push([
    kind,
    ms(cold),
    ms(p50),
    ms(quantile(whole, 0.95)),
    ms(yardstick),
    (p50 / yardstick).toFixed(2),
  ]);
  trials.close();
  many.close();
  await close();
}

console.log("| Kind | first check | p50 | p95 | bare driver p50 | ratio |\n|---|---|---|---|---|---|");
for (const row of rows) console.log(`| ${row.join(" | ")} |`);
process.exit(0);

async function timed(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
