import type { Connector } from "@/lib/connectors/define";
import { postgres } from "@/lib/connectors/postgres";
import { restApi } from "@/lib/connectors/rest-api";
import { sftp } from "@/lib/connectors/sftp";

/** Every kind of connection, in the order of the gallery. */
export const connectors = {
  postgres,
  sftp,
  restapi: restApi,
} as const;

export type ConnectorKind = keyof typeof connectors;

/** Narrows a string to a known kind. */
export function isConnectorKind(kind: string): kind is ConnectorKind {
  return Object.hasOwn(connectors, kind);
}

/** The connector of a kind, or null when there is none. */
export function findConnector(kind: string): Connector | null {
  return isConnectorKind(kind) ? connectors[kind] : null;
}
