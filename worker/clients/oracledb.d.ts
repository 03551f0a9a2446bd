/** The driver's internals that the check uses. Its published types cover only the documented interface. */
declare module "oracledb/lib/thin/sqlnet/ntTcp.js" {
  import type { Socket } from "node:net";

  export type Transport = {
    stream: Socket;
    connStream: Socket;
    connected: boolean;
    /** `originHost` is set when a listener redirected the client. */
    ntConnect(this: Transport, address: { originHost?: string }): Promise<void>;
    tlsConnect(this: Transport, context: unknown, socket: Socket): Promise<void>;
  };
  const transport: { prototype: Transport };
  export default transport;
}

declare module "oracledb/lib/thin/index.js";
