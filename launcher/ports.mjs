import { createServer } from "node:net";

/**
 * Tries to listen. Returns undefined when the port is free, otherwise the error's code.
 * @param {string} host
 * @param {number} port
 * @returns {Promise<string | undefined>}
 */
export function tryListen(host, port) {
  return new Promise((done) => {
    const probe = createServer();
    probe.once("error", (error) => done(error.code));
    probe.listen(port, host, () => probe.close(() => done(undefined)));
  });
}
