import { connect, createServer, type Socket } from "node:net";
import { type Listening, listen } from "@/testing/servers/listening";

/** A proxy between a program and its Postgres, which a test can interrupt. */
export type Wire = {
  /** The database's URL through the proxy. */
  url: string;
  /** Breaks all connections. */
  reset(): void;
  /**
   * Breaks the next connection that sends `text`: Postgres executes it, but the answer is lost. Resolves
   * then.
   */
  cutAfter(text: string): Promise<void>;
  /** Passes the answer to the next statement with `text`, then closes the connection. Resolves then. */
  closeAfter(text: string): Promise<void>;
  /** Stops all traffic but keeps connections open, until called with false. */
  hold(isHeld?: boolean): void;
  close(): Promise<void>;
};

const readyForQuery = 0x5a;

/** Opens a proxy to the server of `databaseUrl`, on a free port unless one is given. */
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
        // The statement has completed: five bytes of ReadyForQuery, then the transaction's state.
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
