import type { MetadataByField } from "@/lib/connectors/define";
import type { Destination } from "@/lib/connectors/destination";
import { parseHostPort } from "@/lib/egress/host";

const field = "oauthClient";

/**
 * The destination of an OAuth client secret. The secret goes to the token endpoint, the resulting token to
 * the service: two destinations.
 */
export function tokenEndpoint(secretId: string | undefined, metadata: MetadataByField): Destination[] {
  if (secretId === undefined) return [];
  const endpoint = parseHostPort(metadata[field]?.authHost ?? "");
  // Fails closed: without a known host nothing can be allowed, and the egress guard dials only listed
  // destinations.
  if (endpoint === null) return [];
  return [
    {
      protocol: "oauth-token",
      ...endpoint,
      tls: "verify-full",
      hostField: field,
      portField: field,
      secretFields: [field],
    },
  ];
}
