import "@/lib/protect-process";
import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { forkWorker } from "@/worker/fork";
import { readFrames, sendFrame } from "@/worker/frames";

/*
 * Runs check workers as a user who cannot read keys or signal other programs. Each connection of automate to
 * its socket gets one worker, which is killed when the connection closes. The host itself has no key and no
 * database.
 */
const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write("Missing argument: the path of the worker host's socket.\n");
  process.exit(1);
}
const workerPath = fileURLToPath(new URL("./check-worker.mjs", import.meta.url));

function serve(socket: Socket): void {
  const worker = forkWorker(workerPath);
  socket.on("error", () => {});
  if (worker === null) {
    socket.destroy();
    return;
  }
  readFrames(socket, (message) => worker.connected && worker.send(message as object, () => {}));
  worker.on("message", (message) => sendFrame(socket, message));
  worker.on("error", () => {});
  worker.on("exit", () => socket.destroy());
  socket.on("close", () => worker.kill("SIGKILL"));
}

const server = createServer(serve);
// The permissions of the socket's folder decide who may connect: automate's group.
rmSync(path, { force: true });
server.listen({ path, readableAll: true, writableAll: true });
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(0));
