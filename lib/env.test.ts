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
