import { afterEach, expect, it, vi } from "vitest";
import { automateEnv } from "@/lib/env";
import { createTestKeys } from "@/testing/keys";

const former = process.env.EGRESS_ALLOW;
afterEach(() => {
  vi.unstubAllEnvs();
  if (former === undefined) delete process.env.EGRESS_ALLOW;
  else process.env.EGRESS_ALLOW = former;
});

it("automate names each entry of EGRESS_ALLOW that is not a range, and does not start without it", () => {
  process.env.EGRESS_ALLOW = "10.0.0.0/8, 127.0.0.1:5433,::1/128:5433,192.168.0.0";
  const start = () => automateEnv();
  for (const entry of ["127.0.0.1:5433", "192.168.0.0"])
    expect(start).toThrow(
      `EGRESS_ALLOW: “${entry}” is not a range: write 10.0.0.0/8 for all ports, or 10.0.0.0/8:5432 for one`,
    );
  for (const entry of ["10.0.0.0/8", "::1/128:5433"]) expect(start).not.toThrow(`“${entry}” is not`);
});

it("automate refuses half a set-up of reminders, and one that sends a password or names in clear", async () => {
  const { automate } = await createTestKeys();
  for (const [name, value] of Object.entries({ ...automate, AUTOMATE_DATABASE_URL: "postgres://db/selvage" }))
    vi.stubEnv(name, value);
  vi.stubEnv("PUBLIC_URL", "");
  vi.stubEnv("SMTP_URL", "smtp://selvage:secret@mail.example.com:587");
  vi.stubEnv("SMTP_TLS", "off");
  vi.stubEnv("REMINDER_WEBHOOK_URL", "http://hooks.example.com/selvage");
  const faultsOf = () => {
    try {
      return automateEnv();
    } catch (error) {
      return String(error);
    }
  };
  const faults = faultsOf();
  for (const name of ["SMTP_FROM", "PUBLIC_URL", "REMINDER_WEBHOOK_SECRET"])
    expect(faults).toContain(`${name}: is not set`);
  expect(faults).toContain("SMTP_TLS: is off, and SMTP_URL has a password");
  expect(faults).toContain("REMINDER_WEBHOOK_URL: must be https");
  expect(faults).not.toContain("secret@");
});

it("automate needs the file of its master key, or a keyring instead", async () => {
  const { automate } = await createTestKeys();
  for (const [name, value] of Object.entries({ ...automate, AUTOMATE_DATABASE_URL: "postgres://db/selvage" }))
    vi.stubEnv(name, value);
  vi.stubEnv("MASTER_KEY_FILE", "");
  vi.stubEnv("KMS_CONFIG", "");
  expect(() => automateEnv()).toThrow("MASTER_KEY_FILE: is not set");
  vi.stubEnv("KMS_CONFIG", "/etc/selvage/keyring.json");
  expect(automateEnv().KMS_CONFIG).toBe("/etc/selvage/keyring.json");
});
