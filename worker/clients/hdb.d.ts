/** The part of the driver that the check uses. The package has no types. */
declare module "hdb" {
  import type { Socket } from "node:net";

  type Done = (error?: unknown) => void;
  type Method = { name: string };
  export type Connection = {
    _connectFn(options: object, done: (error: unknown, socket?: Socket) => void): void;
    _createAuthenticationManager(options: object): { _authMethods: Method[] };
    open(options: object, done: Done): void;
    connect(options: object, done: Done): void;
    executeDirect(options: { command: string }, done: Done): void;
    on(event: "error", listener: (error: unknown) => void): void;
  };
  const driver: { createClient(options: object): { _connection: Connection } };
  export default driver;
}
