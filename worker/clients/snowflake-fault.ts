import type { CheckCode, CheckStep } from "@/lib/connectors/check-protocol";
import { CheckFailure } from "@/worker/check";
import { type Answer, at, textAt } from "@/worker/clients/http";

/** The field that holds the credential. */
export type Credential = "password" | "privateKey" | "oauthClient";
/** `provenStep`: the step that this refusal proves to be reached, if it is not the current one. */
type Finding = [code: CheckCode, field: string, provenStep?: CheckStep];

/** The session's settings, in the order in which they are checked. */
export const context = ["role", "warehouse", "database", "schema"] as const;
const missing = {
  role: "role_not_granted",
  warehouse: "warehouse_not_found",
  database: "database_not_found",
  schema: "schema_not_found",
} as const satisfies Record<(typeof context)[number], CheckCode>;

/** Reads the session's settings. Needs no running warehouse, because it reads no table. */
export const contextQuery =
  "SELECT CURRENT_ROLE(), CURRENT_WAREHOUSE(), CURRENT_DATABASE(), CURRENT_SCHEMA()";

/**
 * Throws for a requested setting that the session lacks. Snowflake opens a session even when its user may not
 * use it.
 */
export function requireContext(
  row: unknown,
  wanted: Readonly<Record<(typeof context)[number], string>>,
): void {
  if (!Array.isArray(row) || row.length !== context.length)
    throw new CheckFailure("unexpected_answer", "account");
  for (const [index, field] of context.entries()) {
    if (normalizedName(at(row, index)) !== normalizedName(wanted[field]))
      throw new CheckFailure(missing[field], field);
  }
}

function normalizedName(name: unknown): string {
  return String(name ?? "")
    .replaceAll('"', "")
    .toLowerCase();
}

/** Maps a refusal to a finding, by its code and then its text. The text is compared, never passed on. */
export function snowflakeFault(
  { status, json }: Answer,
  credential: Credential,
  step: CheckStep = "sign_in",
): CheckFailure {
  const code = textAt(json, "code");
  const [finding, field, provenStep = step] =
    code === "" ? byStatus(status) : byMessage(code, textAt(json, "message"), credential);
  return new CheckFailure(finding, field, undefined, provenStep);
}

/** Accounts that do not exist share their addresses with existing ones. */
function byStatus(status: number): Finding {
  if (status === 404) return ["account_not_found", "account"];
  return [status === 403 ? "not_admitted" : "unexpected_answer", "account"];
}

const signInFindings: readonly (readonly [words: RegExp, code: CheckCode])[] = [
  [/multi-factor|\bMFA\b|\bDuo\b/i, "second_factor_required"],
  [/temporarily locked|\bdisabled\b/i, "account_locked"],
  [/password (?:has )?expired|password must be changed|change your password/i, "password_change_required"],
  [/not allowed to access Snowflake|network policy/i, "not_admitted"],
];

function byMessage(code: string, message: string, credential: Credential): Finding {
  if (refusedCodes.has(code)) return ["rejected_credentials", credential];
  if (code === "390318") return ["credential_expired", credential];
  const object = /requested (warehouse|database|schema) does not exist/i.exec(message)?.[1]?.toLowerCase();
  const isRole = code.startsWith("39") && /\brole\b/i.test(message);
  const field = isRole ? "role" : context.find((one) => one === object);
  if (field !== undefined) return [missing[field], field, "permission"];
  const finding = signInFindings.find(([pattern]) => code.startsWith("39") && pattern.test(message));
  if (finding !== undefined) return [finding[1], credential === "oauthClient" ? credential : "username"];
  // Codes that begin with 39 come from the sign-in, all others from the statement.
  if (!code.startsWith("39")) return ["not_permitted", "role", "permission"];
  return ["not_admitted", credential === "oauthClient" ? credential : "username"];
}

/** A wrong password, a token signed with another key, and an invalid OAuth token. */
const refusedCodes: ReadonlySet<string> = new Set(["390100", "390144", "390303"]);
