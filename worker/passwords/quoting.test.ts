import { expect, test } from "vitest";
import {
  oracleName,
  oraclePassword,
  snowflakeName,
  snowflakeText,
  sqlServerName,
  sqlServerText,
} from "@/worker/passwords/quoting";

test.each([
  [sqlServerName, "etl", "[etl]"],
  [sqlServerName, "dom\\etl", "[dom\\etl]"],
  [sqlServerName, "a] WITH PASSWORD = 'x'; --", "[a]] WITH PASSWORD = 'x'; --]"],
  [sqlServerText, "it's", "N'it''s'"],
  [sqlServerText, "pässwörd]\\", "N'pässwörd]\\'"],
  [oracleName, "etl", '"ETL"'],
  [oracleName, "C##etl", '"C##ETL"'],
  [oracleName, '"Etl"', '"Etl"'],
  [oraclePassword, "it's @/;", `"it's @/;"`],
  [snowflakeName, 'a" SET X', '"a"" SET X"'],
  [snowflakeText, "it's \\' x", "'it''s \\\\'' x'"],
])("%o writes %s as one token", (quote, text, quoted) => {
  expect(quote(text)).toBe(quoted);
});

test.each([
  [sqlServerName, "a\0"],
  [sqlServerText, "a\0"],
  [oracleName, 'a" IDENTIFIED BY "x'],
  [oracleName, '"a"b"'],
  [oracleName, ""],
  [oraclePassword, 'a" x'],
  [oraclePassword, "a\0"],
  [snowflakeName, "a\0"],
])("%o refuses %j, which its dialect cannot express", (quote, text) => {
  expect(() => quote(text)).toThrow(expect.objectContaining({ code: "secret_malformed" }));
});
