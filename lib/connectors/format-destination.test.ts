import { expect, test } from "vitest";
import { formatDestination } from "@/lib/connectors/format-destination";

test.each([
  [
    "oauth-token://login.example.com:443?ca=01a2263e-1379-72f4-9a60-1faded9cec68.1",
    "Token server login.example.com, TLS, CA ux_lab_ca",
  ],
  ["oauth-token://localhost:5555?ca=gone.2", "Token server localhost:5555, own CA certificate"],
  ["https://api.example.com:443?proved", "HTTPS api.example.com, the value itself is not sent"],
  ["https://api.example.com:8443?tls=require", "HTTPS api.example.com:8443, TLS, certificate not verified"],
  ["http://[::1]:8080", "HTTP [::1]:8080, no encryption"],
  ["postgres://db.example.com:5432?tls=verify-full", "PostgreSQL db.example.com:5432, TLS"],
  ["tds://db.example.com:1433?tls=disable", "SQL Server db.example.com:1433, no encryption"],
  ["sftp://files.example.com:22?hostkey=none", "SFTP files.example.com, host key not confirmed"],
  [
    "sftp://files.example.com:22?hostkey=SHA256:abc&proved",
    "SFTP files.example.com, host key SHA256:abc, the value itself is not sent",
  ],
  ["smtps://mail.example.com:465?tls=verify-full", "SMTP mail.example.com:465, TLS"],
])("%s is shown in words, never as a URL with ids", (key, words) => {
  const authorities = { "01a2263e-1379-72f4-9a60-1faded9cec68.1": "ux_lab_ca" };
  expect(formatDestination(key, authorities)).toBe(words);
});
