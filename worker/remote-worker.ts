import { EventEmitter } from "node:events";
import { connect, type Socket } from "node:net";
import { readFrames, sendFrame } from "@/worker/frames";

/** A worker says steps and a result. */
const mostSaidBytes = 65_536;

/** A worker that the worker host runs for us, as another user. Closing the connection kills it. */
export function connectWorker(path: string): RemoteWorker {
  return new RemoteWorker(connect(path));
}

class RemoteWorker extends EventEmitter {
  readonly #socket: Socket;
  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    readFrames(socket, (message) => this.emit("message", message), mostSaidBytes);
    // Without a listener an error would be thrown; that it is gone, `close` says.
    socket.on("error", () => {});
    socket.on("close", () => this.emit("exit", null));
  }
  get connected(): boolean {
    return !this.#socket.destroyed;
  }
  send(message: unknown, onError: (error: Error | null) => void = () => {}): boolean {
    if (!this.connected) {
      onError(new Error("The worker is gone."));
      return false;
    }
    sendFrame(this.#socket, message);
    return true;
  }
  kill(): boolean {
    const wasConnected = this.connected;
    this.#socket.destroy();
    return wasConnected;
  }
}
