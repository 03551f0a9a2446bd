import { decodeJwt } from "jose";
import { afterEach, expect, test } from "vitest";
import { signedRequest } from "@/lib/internal-api/signed-request";
import { signingKey } from "@/testing/keys";

const RealDate = Date;
afterEach(() => {
  globalThis.Date = RealDate;
});

/** A clock that is a second later whenever somebody looks. */
class TickingDate extends RealDate {
  static ticks = 0;
  constructor(...given: [] | [number]) {
    super(given[0] ?? TickingDate.now());
  }
  static override now(): number {
    TickingDate.ticks += 1;
    return 1_800_000_000_000 + TickingDate.ticks * 1000;
  }
}

test("a request is valid for 60 seconds, also when a second ends while it is signed", async () => {
  const { privateJwk } = await signingKey();
  Object.assign(globalThis, { Date: TickingDate });
  const url = new URL("http://automate.test/internal/checks");
  const request = await signedRequest(
    { name: "web", key: privateJwk },
    { purpose: "connection:check", url, body: {} },
  );
  const { iat = 0, exp = 0 } = decodeJwt(
    (request.headers.get("authorization") ?? "").replace("Selvage ", ""),
  );
  // Automate refuses a longer one.
  expect(exp - iat).toBe(60);
});
