// What a person sees while something runs: one line per step, live on a terminal.

const terminal = process.stdout.isTTY === true;

/** A reason to stop that a person can act on: one clear sentence, no stack. */
export class Refusal extends Error {
  name = "Refusal";
}

/**
 * Runs one step and shows its name, its latest line of output and its time.
 * @template T
 * @param {string} name
 * @param {(show: (detail: string) => void) => Promise<T>} run
 * @returns {Promise<T>}
 */
export async function step(name, run) {
  const began = Date.now();
  let detail = "";
  const draw = () => {
    const line = `  ${name} … ${seconds(began)}${detail && `  ${detail}`}`;
    process.stdout.write(`\r\x1b[2K${line.slice(0, (process.stdout.columns ?? 80) - 1)}`);
  };
  if (!terminal) console.log(`  ${name} …`);
  const timer = terminal ? setInterval(draw, 200) : undefined;
  let done = false;
  try {
    const value = await run((text) => {
      detail = text.trim().split("\n").at(-1) ?? "";
    });
    done = true;
    return value;
  } finally {
    clearInterval(timer);
    const mark = done ? "✓" : "✗";
    console.log(`${terminal ? "\r\x1b[2K" : ""}${mark} ${name} (${seconds(began)})`);
  }
}

/** Ends the process: a refusal shows its sentence, anything else its stack. */
export function fail(error) {
  console.error(error instanceof Refusal ? `\n${error.message}` : error);
  process.exitCode = 1;
}

function seconds(began) {
  return `${((Date.now() - began) / 1000).toFixed(1)} s`;
}
