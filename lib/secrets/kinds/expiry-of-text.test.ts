import { expect, test } from "vitest";
import { expiryOfText } from "@/lib/secrets/kinds/expiry-of-text";

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: object) => `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}.c2ln`;

const dated: [string, string, string, string][] = [
  ["a JWT", jwt({ sub: "a", exp: 1_830_384_000 }), "2028-01-02T00:00:00.000Z", "token"],
  [
    "a bearer header with a JWT",
    `Bearer ${jwt({ exp: 1_830_384_000 })}\n`,
    "2028-01-02T00:00:00.000Z",
    "token",
  ],
  [
    "a shared access signature",
    "?sv=2022-11-02&ss=b&srt=sco&sp=rl&se=2027-03-01T12%3A30%3A00Z&spr=https&sig=abc%3D",
    "2027-03-01T12:30:00.000Z",
    "signature",
  ],
  [
    "a connection string with one",
    "BlobEndpoint=https://a.blob.core.windows.net/;SharedAccessSignature=sv=2022-11-02&se=2027-03-01&sp=r&sig=abc%3D",
    "2027-03-01T00:00:00.000Z",
    "signature",
  ],
  [
    "the answer of AWS’s token service",
    '{"Credentials":{"AccessKeyId":"A","SecretAccessKey":"b","Expiration":"2027-03-01T12:30:00+00:00"}}',
    "2027-03-01T12:30:00.000Z",
    "key",
  ],
  ["a key file with an expiry", '{"key":"k","expires_at":1830384000}', "2028-01-02T00:00:00.000Z", "key"],
];

test.each(dated)("%s carries its date", (_what, text, at, source) => {
  expect(expiryOfText(text)).toEqual({ at, source });
});

const undated: [string, string][] = [
  ["a password", "correct horse battery staple"],
  ["a JWT without an end", jwt({ sub: "a" })],
  ["three words with dots", "one.two.three"],
  ["an end that is no number", jwt({ exp: "soon" })],
  ["an end after the year 2200", jwt({ exp: 99_999_999_999 })],
  ["a query without a signature", "?se=2027-03-01&a=b"],
  ["a broken escape in a signature", "se=%E0%A4%A&sig=abc"],
  ["a time without its zone", '{"expires_at":"2027-03-01T12:30:00"}'],
  ["a file that renews its own access token", '{"refresh_token":"r","expiry":"2027-03-01T12:30:00Z"}'],
  [
    "a certificate of OpenSSH that is cut off",
    "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQ=",
  ],
  ["JSON that is none", "{exp: 5"],
];

test.each(undated)("%s carries no date", (_what, text) => {
  expect(expiryOfText(text)).toBeUndefined();
});

/** Certificates of OpenSSH 9.2 for two types of key, valid until 1 March 2027, 12:00 UTC. */
const sshCertificates = [
  [
    "ssh-ed25519-cert-v01@openssh.com",
    [
      "AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIFQUTQeoK40us95yOSwIjnS9N8PiWXKoWwZT3gkb8o9W",
      "AAAAIIggAowjgAJLJ4JPu0XpnE+3nKdVf3hwUtjqpwImDFz1AAAAAAAAAAAAAAABAAAAA2FkYQAAABIAAAADYWRhAAAAB3Jl",
      "cG9ydHMAAAAAaVW5AAAAAABrhV3AAAAAAAAAAIIAAAAVcGVybWl0LVgxMS1mb3J3YXJkaW5nAAAAAAAAABdwZXJtaXQtYWdl",
      "bnQtZm9yd2FyZGluZwAAAAAAAAAWcGVybWl0LXBvcnQtZm9yd2FyZGluZwAAAAAAAAAKcGVybWl0LXB0eQAAAAAAAAAOcGVy",
      "bWl0LXVzZXItcmMAAAAAAAAAAAAAADMAAAALc3NoLWVkMjU1MTkAAAAg6mEdv0vAhy3U7Ce0nxjz2Bu/TlPGrMv3s70LObAv",
      "7rAAAABTAAAAC3NzaC1lZDI1NTE5AAAAQPNe5/0OdYaGkvxEZ5VWG2mw1NEAMOMi2TJ3paPywh7MLkpXmRTtcruYFyEK4HoK",
      "ZbhLp8apujXAgrRSF19Qvgg=",
    ].join(""),
  ],
  [
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    [
      "AAAAKGVjZHNhLXNoYTItbmlzdHAyNTYtY2VydC12MDFAb3BlbnNzaC5jb20AAAAgl2vFinNzaKr9ciEoI52T/KRD0apevsdE",
      "2LS8Bhg5DEQAAAAIbmlzdHAyNTYAAABBBIq5Zms5qWy0/1SBi531/OZX2RolGWQJBxw44XRItzJ0IvAidCdRB6Lu+f2UOnEs",
      "+Kss2sAG/FZ1yNPGjnJ9e2UAAAAAAAAAAAAAAAEAAAADYWRhAAAAEgAAAANhZGEAAAAHcmVwb3J0cwAAAABpVbkAAAAAAGuF",
      "XcAAAAAAAAAAggAAABVwZXJtaXQtWDExLWZvcndhcmRpbmcAAAAAAAAAF3Blcm1pdC1hZ2VudC1mb3J3YXJkaW5nAAAAAAAA",
      "ABZwZXJtaXQtcG9ydC1mb3J3YXJkaW5nAAAAAAAAAApwZXJtaXQtcHR5AAAAAAAAAA5wZXJtaXQtdXNlci1yYwAAAAAAAAAA",
      "AAAAMwAAAAtzc2gtZWQyNTUxOQAAACC7lx65UL/XmsuKuYjYrXc4qXtM2PhD2zSpywHijV5IvQAAAFMAAAALc3NoLWVkMjU1",
      "MTkAAABAO+bF66lipSAxXIGJsjH+6Jm0IjcD511X7c9ahHuODcXpGV0+P3dbxsPgqhm8S41qxqNgL9dVAcTOO1pwBMxGBQ==",
    ].join(""),
  ],
] as const;

test.each(sshCertificates)("a certificate of OpenSSH of type %s carries its end", (type, data) => {
  const expected = { at: "2027-03-01T12:00:00.000Z", source: "key" };
  expect(expiryOfText(`${type} ${data} ada@laptop\n`)).toEqual(expected);
});
