import { createAuthority } from "@/e2e/fakes/certificates";
import { createShippedTrials } from "@/e2e/fakes/check-trial";
import { examples } from "@/e2e/fakes/examples/registry";
import { createManyChecks } from "@/e2e/fakes/many-checks";

/*
 * Times a passing check of each kind on loopback, as automate runs it: the first check of a configuration, in a worker that
 * was prepared while it waited, and those that follow in the same worker; beside the yardstick: the same driver's connect and
 * query in a process that has it loaded and warm.
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
  const check = async (identity: string) =>
    (await trials.run(kind, example.properties, example.secrets, { identity })).wholeMs;
  const [first, following, bare]: [number[], number[], number[]] = [[], [], []];

  // The first of all meets a spare that nobody told which kind would come.
  await check("unprepared");
  for (let round = 0; round < rounds; round += 1) {
    // As between two checks of a person: the next worker has had the time to get ready.
    await pause(700);
    first.push(await check(`first ${round}`));
  }
  await check("following");
  await many.run(kind, example, world, 8000);
  for (let round = 0; round < rounds; round += 1) {
    // Side by side: each runs right after the other.
    following.push(await check("following"));
    const yardstick = await many.run(kind, example, world, 8000);
    if (!yardstick.ok) throw new Error(`The yardstick of ${kind} did not pass: ${yardstick.code}.`);
    bare.push(yardstick.ms);
  }
  const [p50, yardstick] = [quantile(following, 0.5), quantile(bare, 0.5)];
  rows.push([
    kind,
    ms(quantile(first, 0.5)),
    ms(p50),
    ms(quantile(following, 0.95)),
    ms(yardstick),
    (p50 / yardstick).toFixed(2),
  ]);
  trials.close();
  many.close();
  await close();
}

console.log("| Kind | first check, p50 | p50 | p95 | bare driver p50 | ratio |\n|---|--:|--:|--:|--:|--:|");
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
