import { EventEmitter } from "node:events";
import { connect, type Socket } from "node:net";
import { readFrames, sendFrame } from "@/worker/frames";

/** The most bytes that a worker sends: some steps and a result. */
const maxMessageBytes = 65_536;

/** Connects to the worker host, which runs a worker as another user. Closing the connection kills the worker. */
export function connectWorker(path: string): RemoteWorker {
  return new RemoteWorker(connect(path));
}

class RemoteWorker extends EventEmitter {
  readonly #socket: Socket;
  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    readFrames(socket, (message) => this.emit("message", message), maxMessageBytes);
    // Without a listener, Node.js would throw the error. `close` reports the end.
    socket.on("error", () => {});
    socket.on("close", () => this.emit("exit", null));
  }
  get connected(): boolean {
    return !this.#socket.destroyed;
  }
  send(message: unknown, onError: (error: Error | null) => void = () => {}): boolean {
    if (!this.connected) {
      onError(new Error("The worker has ended."));
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
