import { callAction, callerOf } from "@/testing/server-actions";
import type { Person, Tenant } from "@/testing/tenant";

/** The fields of a connection to `startRestApiServer` with a bearer token. */
export const fieldsOf = (baseUrl: string) => ({
  "Connection Name": "Orders",
  "Base URL": baseUrl,
  Encryption: "No encryption",
  "Authentication method": "Bearer token",
});

/** Adds the secret `api_token`, whose value this person enters. Returns its id. */
export async function addToken(tenant: Tenant, person: Person, value: string): Promise<string> {
  const created = await callAction(await callerOf(person), "createSecretAction", [
    tenant.fabric.id,
    { subKind: "text", name: "api_token", fields: { value } },
  ]);
  if (!created.ok) throw new Error(created.code);
  return (created.value as { id: string }).id;
}
