import { CheckFailure } from "@/worker/check";

/*
 * Names and texts in statements, where a server takes no parameters. Each function refuses what its dialect cannot
 * express. PostgreSQL's are those of its driver.
 */

/** A name of SQL Server, in brackets ("Database Identifiers", learn.microsoft.com). */
export function sqlServerName(name: string): string {
  return `[${withoutNul(name, "username").replaceAll("]", "]]")}]`;
}

/** A text of SQL Server, in Unicode ("Constants (Transact-SQL)", learn.microsoft.com). */
export function sqlServerText(text: string): string {
  return `N'${withoutNul(text, "password").replaceAll("'", "''")}'`;
}

/**
 * A user of Oracle, as the sign-in reads it: in upper case, unless it is quoted ("Database Object Names and
 * Qualifiers", docs.oracle.com).
 */
export function oracleName(name: string): string {
  const quoted = /^"([^"]+)"$/.exec(name)?.[1];
  return oracleQuoted(quoted ?? name.toUpperCase(), "username");
}

/** A password of Oracle, which is quoted like a name. None can contain a quotation mark. */
export function oraclePassword(password: string): string {
  return oracleQuoted(password, "password");
}

function oracleQuoted(text: string, field: "username" | "password"): string {
  if (text === "" || text.includes('"')) throw malformed(field);
  return `"${withoutNul(text, field)}"`;
}

/** A name of Snowflake, exactly as it is stored ("Identifier requirements", docs.snowflake.com). */
export function snowflakeName(name: string): string {
  return `"${withoutNul(name, "username").replaceAll('"', '""')}"`;
}

/** A text of Snowflake, where a backslash begins an escape ("String & binary data types", docs.snowflake.com). */
export function snowflakeText(text: string): string {
  return `'${withoutNul(text, "privateKey").replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

function withoutNul(text: string, field: string): string {
  if (text.includes("\0")) throw malformed(field);
  return text;
}

function malformed(field: string): CheckFailure {
  return new CheckFailure("secret_malformed", field, undefined, "sign_in");
}
