// Progress for a person: one line per step, and on a terminal a live last line.

const terminal = process.stdout.isTTY === true;
const active = new Map();
let timer;

/** An error that a person can act on: one clear sentence, without a stack. */
export class Refusal extends Error {
  name = "Refusal";
}

/**
 * Runs one step, and shows its name, its latest line of output and its duration. Several may run at once.
 * @template T
 * @param {string} name
 * @param {(show: (detail: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(name, work) {
  const current = { startedAt: Date.now(), detail: "" };
  active.set(name, current);
  if (terminal) timer ??= setInterval(draw, 200);
  else console.log(`  ${name} …`);
  let mark = "✗";
  try {
    const value = await work((text) => {
      current.detail = text.trim().split("\n").at(-1) ?? "";
    });
    mark = "✓";
    return value;
  } finally {
    active.delete(name);
    if (active.size === 0) timer = clearInterval(timer);
    console.log(`${terminal ? "\r\x1b[2K" : ""}${mark} ${name} (${seconds(current.startedAt)})`);
  }
}

/** Prints why a program ends: the sentence of a refusal, the stack of any other error. */
export function fail(error) {
  console.error(error instanceof Refusal ? `\n${error.message}` : error);
  process.exitCode = 1;
}

function draw() {
  const parts = [...active].map(
    ([name, { startedAt, detail }]) => `${name} … ${seconds(startedAt)}${detail && `  ${detail}`}`,
  );
  const width = Math.floor(((process.stdout.columns ?? 80) - 1) / parts.length) - 2;
  process.stdout.write(`\r\x1b[2K${parts.map((part) => `  ${part.slice(0, width - 2)}`).join("")}`);
}

function seconds(startedAt) {
  return `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
}
