import { chmod, chown, mkdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startProgram } from "./programs.mjs";
import { Refusal } from "./progress.mjs";

/** The kernel's limit on a socket's path, in bytes, including the terminating zero. */
const maxPathBytes = 108;

/**
 * Starts the program that runs check workers as their own user.
 * @param {{ dataDir: string, target: { dist: string }, stopLater: (part: { stop: () => Promise<void> }) => void }} settings
 * @param {{ automate: { gid: number }, workers: { uid: number, gid: number } }} users
 * @returns the program, and the path of its socket
 */
export async function startWorkerHost({ dataDir, target, stopLater }, { automate, workers }) {
  const folder = join(dataDir, "workers");
  const socket = join(folder, "checks.sock");
  if (Buffer.byteLength(socket) >= maxPathBytes)
    throw new Refusal(`The path of the data folder ${dataDir} is too long: set DATA_DIR to a shorter one.`);
  await mkdir(folder, { recursive: true });
  await rm(socket, { force: true });
  // The workers' user creates the socket here. Apart from it, only automate's group can pass through the
  // folder.
  await chown(folder, workers.uid, automate.gid);
  await chmod(folder, 0o750);
  const host = await startProgram("workers", {
    file: `${target.dist}/worker-host.mjs`,
    args: [socket],
    env: { NODE_ENV: "production" },
    log: join(dataDir, "workers.log"),
    user: workers,
  });
  stopLater(host);
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(25)) {
    if (host.hasExited()) throw new Refusal((await host.output()) || "The worker host did not start.");
    if (await answers(socket)) return { host, socket };
  }
  throw new Refusal(`The worker host does not answer: ${await host.output()}`);
}

function answers(path) {
  return new Promise((done) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      done(true);
    });
    probe.once("error", () => done(false));
  });
}
