import type { TlsMode } from "@/lib/connectors/destination";

/** Where and as whom to sign in to a database, for the clients whose driver speaks TLS itself. */
export type DatabaseLogin = {
  server: string;
  port: string;
  database: string;
  username: string;
  password: string;
  tlsMode: TlsMode;
  caCertificate?: string | Uint8Array | undefined;
};
