import { connect, createServer, type Socket } from "node:net";
import { type Listening, listen } from "@/testing/servers/listening";

/** A wire between a program and its Postgres, for a test to cut. */
export type Wire = {
  /** The URL of the database through the wire. */
  url: string;
  /** Breaks all connections. */
  reset(): void;
  /** Breaks the next connection on which `text` is sent: Postgres gets it, does it, and its answer is lost. Resolves then. */
  cutAfter(text: string): Promise<void>;
  /** Lets the answer to the next statement with `text` through, and then closes. Resolves then. */
  closeAfter(text: string): Promise<void>;
  /** From now on nothing gets through, though all connections stay; until it is called again with false. */
  hold(isHeld?: boolean): void;
  close(): Promise<void>;
};

const readyForQuery = 0x5a;

/** Opens a wire to the server of `databaseUrl`, on a free port unless one is given. */
export async function openWire(databaseUrl: string, port = 0): Promise<Wire> {
  const url = new URL(databaseUrl);
  const postgres = { host: url.hostname, port: Number(url.port) };
  const open = new Set<Socket>();
  const pairs = new Set<[Socket, Socket]>();
  let isHeld = false;
  let armed: { text: string; meet: (program: Socket, answer: Buffer) => void } | undefined;
  const server: Listening = await listen(
    createServer((program) => {
      const database = connect(postgres);
      const pair: [Socket, Socket] = [program, database];
      let cut: typeof armed;
      open.add(program);
      pairs.add(pair);
      program.on("close", () => {
        open.delete(program);
        pairs.delete(pair);
        database.destroy();
      });
      database.on("error", () => program.destroy());
      database.on("close", () => program.destroy());
      program.on("data", (chunk: Buffer) => {
        if (armed && chunk.includes(armed.text)) {
          cut = armed;
          armed = undefined;
        }
        database.write(chunk);
      });
      database.on("data", (chunk: Buffer) => {
        if (!cut) return program.write(chunk);
        // What was asked is done: five bytes of "ready", and the state of the transaction.
        if (chunk.at(-6) !== readyForQuery) return;
        cut.meet(program, chunk);
      });
      if (isHeld) for (const socket of pair) socket.pause();
    }),
    port,
  );
  Object.assign(url, { hostname: "127.0.0.1", port: String(server.port) });
  return {
    url: url.href,
    reset: () => {
      for (const socket of open) socket.resetAndDestroy();
    },
    cutAfter: (text) =>
      new Promise((done) => {
        const meet = (program: Socket) => {
          program.resetAndDestroy();
          done();
        };
        armed = { text, meet };
      }),
    closeAfter: (text) =>
      new Promise((done) => {
        const meet = (program: Socket, answer: Buffer) => {
          program.write(answer, () => done(server.close()));
        };
        armed = { text, meet };
      }),
    hold: (held = true) => {
      isHeld = held;
      for (const socket of [...pairs].flat()) isHeld ? socket.pause() : socket.resume();
    },
    close: () => server.close(),
  };
}
