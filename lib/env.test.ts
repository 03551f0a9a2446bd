import { afterEach, expect, it } from "vitest";
import { automateEnv } from "@/lib/env";

const former = process.env.EGRESS_ALLOW;
afterEach(() => {
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
