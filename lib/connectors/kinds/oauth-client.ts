import type { FactsByField } from "@/lib/connectors/define";
import { type Destination, parseHostPort } from "@/lib/connectors/destination";

const field = "oauthClient";

/** The client's secret goes to the token endpoint, the token it buys goes to the service: two destinations. */
export function tokenEndpoint(secretId: string | undefined, facts: FactsByField): Destination[] {
  if (secretId === undefined) return [];
  const endpoint = parseHostPort(facts[field]?.authHost ?? "");
  // Without a known host nothing can be allowed: fail closed, for the guard dials listed destinations only.
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
