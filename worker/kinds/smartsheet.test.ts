import { afterAll, describe, expect, it } from "vitest";
import { createServiceTrials } from "@/testing/servers/service-trials";
import { smartsheetError, smartsheetToken, startSmartsheet } from "@/testing/servers/smartsheet-server";

const connection = { properties: {}, secrets: { accessToken: smartsheetToken } };
const trials = createServiceTrials("smartsheet", connection, startSmartsheet);
afterAll(() => trials.close());

const [user, sheets] = ["GET /2.0/users/me", "GET /2.0/sheets"] as const;
const field = "accessToken";

it("passes every step", async () => {
  const { result, passed } = await trials.ship();
  expect(result).toMatchObject({ ok: true });
  expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
  expect(trials.requests()).toEqual([user, sheets]);
});

it("tries a wrong token once", async () => {
  const { result } = await trials.ship({ secrets: { accessToken: "canary-wrong" } });
  expect(result).toMatchObject({ code: "rejected_credentials", step: "sign_in", field });
  expect(trials.requests()).toEqual([user]);
});

it("passes for an account without a sheet", async () => {
  const replies = { [sheets]: { status: 200, body: { totalCount: 0, data: [] } } };
  expect(await trials.check({ replies })).toMatchObject({ ok: true });
});

describe("refusals", () => {
  it.each([
    [user, 401, 1003, "credential_expired", "sign_in"],
    [user, 401, 1001, "rejected_credentials", "sign_in"],
    [sheets, 403, 1004, "not_permitted", "permission"],
    [sheets, 403, 9999, "not_permitted", "permission"],
    [sheets, 400, 4003, "rate_limited", "permission"],
    [sheets, 429, 4003, "rate_limited", "permission"],
  ])("%s: %i %i", async (request, status, error, code, step) => {
    const replies = { [request]: smartsheetError(status, error, "Refused") };
    expect(await trials.check({ replies })).toMatchObject({ code, step });
  });
});
