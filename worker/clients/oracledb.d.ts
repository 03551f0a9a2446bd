/** The part of the driver's inside that the check uses; its published types end at its documented interface. */
declare module "oracledb/lib/thin/sqlnet/ntTcp.js" {
  import type { Socket } from "node:net";

  export type Transport = {
    stream: Socket;
    connStream: Socket;
    connected: boolean;
    /** `originHost` is set where a listener has sent the client on. */
    ntConnect(this: Transport, address: { originHost?: string }): Promise<void>;
    tlsConnect(this: Transport, context: unknown, socket: Socket): Promise<void>;
  };
  const transport: { prototype: Transport };
  export default transport;
}

declare module "oracledb/lib/thin/index.js";
