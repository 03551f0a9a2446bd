import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findLeaksInFile } from "@/testing/canary";

const chunkBytes = 16 * 1024 * 1024;

/**
 * Counts, for each value that begins with `mark`, its copies in the memory of a process: raw, in UTF-16 and in base64.
 * It counts garbage, too. The word after the mark identifies the value, as in `<mark>.word.`.
 */
export async function countInMemory(pid: number, mark: string): Promise<Record<string, number>> {
  const wanted = [
    { bytes: Buffer.from(mark, "latin1"), read: (found: Buffer) => found.toString("latin1") },
    { bytes: Buffer.from(mark, "utf16le"), read: (found: Buffer) => found.toString("utf16le") },
    ...[0, 1, 2].map((offset) => ({
      bytes: Buffer.from(innerBase64(mark, offset)),
      // `offset` bytes of other text precede the value in its group of three. Any will do: the word comes later.
      read: (found: Buffer) => decodeAt(found.toString("latin1"), offset),
    })),
  ];
  const counts: Record<string, number> = {};
  const maps = await readFile(`/proc/${pid}/maps`, "utf8");
  const memory = await open(`/proc/${pid}/mem`);
  try {
    const window = Buffer.allocUnsafe(chunkBytes);
    for (const [, from = "", to = ""] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)) {
      const end = Number.parseInt(to, 16);
      for (let at = Number.parseInt(from, 16); at < end; at += chunkBytes - 256) {
        const length = Math.min(chunkBytes, end - at);
        const read = await memory.read(window, 0, length, at).catch(() => undefined);
        if (!read) continue;
        const part = window.subarray(0, read.bytesRead);
        for (const form of wanted) {
          for (let i = part.indexOf(form.bytes); i >= 0; i = part.indexOf(form.bytes, i + 1)) {
            const text = form.read(part.subarray(i, i + 160));
            const word = /\.([a-z0-9-]+)\./.exec(text.slice(0, 80))?.[1] ?? "torn";
            counts[word] = (counts[word] ?? 0) + 1;
          }
        }
      }
    }
  } finally {
    await memory.close();
  }
  return counts;
}

function innerBase64(text: string, offset: number): string {
  const whole = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]).toString("base64");
  return whole.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + text.length) * 8) / 6));
}

function decodeAt(text: string, offset: number): string {
  const lead = "A".repeat(Math.ceil((offset * 8) / 6));
  return Buffer.from(lead + text, "base64")
    .toString("latin1")
    .slice(offset);
}

/** Options for a program that writes a heap snapshot to `file` on SIGUSR2. */
export function snapshotOptions(file: string): string[] {
  const script = `process.on("SIGUSR2", async () => { gc(); gc(); (await import("node:v8")).writeHeapSnapshot(${JSON.stringify(file)}); (await import("node:fs")).writeFileSync(${JSON.stringify(`${file}.done`)}, ""); })`;
  return ["--expose-gc", "--import", `data:text/javascript,${encodeURIComponent(script)}`];
}

/** Returns those of these texts that a program with `snapshotOptions` still references. Deletes its snapshot. */
export async function findReferences(pid: number, file: string, texts: readonly string[]): Promise<string[]> {
  process.kill(pid, "SIGUSR2");
  for (let waited = 0; waited < 120_000; waited += 100) {
    if ((await readFile(`${file}.done`).catch(() => undefined)) !== undefined) break;
    await sleep(100);
  }
  const found = await Promise.all(texts.map((text) => findLeaksInFile(file, text)));
  await rm(file);
  await rm(`${file}.done`);
  return texts.filter((_, i) => (found[i]?.length ?? 0) > 0);
}

export function snapshotFile(dir: string, name: string): string {
  return join(dir, `${name}.heapsnapshot`);
}
