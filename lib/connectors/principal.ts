/** The fields of all kinds that determine who signs in, or how. */
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
 * The canonical text of who signs in with these properties. Selvage counts refused sign-ins by it.
 * It excludes fields that matter only after sign-in, such as the database. Otherwise editing them would allow
 * more tries with a wrong password.
 */
export function principalOf(properties: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(properties).filter(
    ([field, value]) => identifying.has(field) && value !== undefined && value !== "",
  );
  return JSON.stringify(parts.sort(([a], [b]) => (a < b ? -1 : 1)));
}
