/** The fields, over all kinds, that say who signs in, or how. */
const identifying: ReadonlySet<string> = new Set([
  "username",
  "userName",
  "user",
  "smtpUsername",
  "accessKeyID",
  "clientId",
  "tenantId",
  "account",
  "accountName",
  "siteName",
  "tokenName",
  "authType",
  "authMethod",
  "authSource",
  "oAuthType",
  "apiKeyIn",
  "apiKeyName",
]);

/**
 * Who signs in with these properties: the canonical text that attempts to sign in are counted by. What is only read
 * afterwards, such as the database, is no part of it: another one is no reason for another try with a wrong password.
 */
export function principalOf(properties: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(properties).filter(
    ([field, value]) => identifying.has(field) && value !== undefined && value !== "",
  );
  return JSON.stringify(parts.sort(([a], [b]) => (a < b ? -1 : 1)));
}
