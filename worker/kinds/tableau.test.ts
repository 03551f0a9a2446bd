import { afterAll, describe, expect, it } from "vitest";
import { createServiceTrials } from "@/testing/servers/service-trials";
import {
  currentSession,
  infoPath,
  serverInfo,
  sessionPath,
  signInPath,
  signOutPath,
  startTableau,
  tableauError,
  tableauProperties,
  tableauToken,
} from "@/testing/servers/tableau-server";

const connection = { properties: tableauProperties, secrets: { tokenValue: tableauToken } };
const trials = createServiceTrials("tableau", connection, startTableau);
afterAll(() => trials.close());

it("passes every step and signs out", async () => {
  const { result, passed } = await trials.ship();
  expect(result).toMatchObject({ ok: true, facts: { serverVersion: "2023.1.0" } });
  expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
  expect(trials.requests()).toEqual([infoPath, signInPath, sessionPath, signOutPath]);
});

it("signs in to the Default site, whose name is empty", async () => {
  expect(await trials.check({ properties: { siteName: "" } })).toMatchObject({ ok: true });
});

it("tries a wrong token once", async () => {
  const { result } = await trials.ship({ secrets: { tokenValue: "canary-wrong" } });
  expect(result).toMatchObject({ code: "rejected_credentials", step: "sign_in", field: "tokenValue" });
  expect(trials.requests()).toEqual([infoPath, signInPath]);
});

it.each(["siteName", "tokenName"])(
  "names the token value for a wrong %s, since Tableau does not distinguish them",
  async (field) => {
    expect(await trials.check({ properties: { [field]: "other" } })).toMatchObject({
      code: "rejected_credentials",
      step: "sign_in",
      field: "tokenValue",
    });
  },
);

describe("sign-in", () => {
  it.each([
    [404, "404000", "site_not_found", "siteName"],
    [403, "403000", "not_admitted", "tokenName"],
    [400, "400000", "unexpected_answer", "serverUrl"],
  ])("%i %s", async (status, error, code, field) => {
    const replies = { [signInPath]: tableauError(status, error, "Refused") };
    expect(await trials.check({ replies })).toMatchObject({ code, step: "sign_in", field });
  });

  it.each(["2.8", "3.5"])(
    "sends nothing to a server of API %s, which does not support such tokens",
    async (version) => {
      const replies = { [infoPath]: serverInfo(version) };
      expect(await trials.check({ replies })).toMatchObject({
        code: "version_not_supported",
        field: "serverUrl",
      });
      expect(trials.requests()).toEqual([infoPath]);
    },
  );

  it("accepts no path from a server's version", async () => {
    const replies = { [infoPath]: serverInfo("3.19/../../evil") };
    expect(await trials.check({ replies })).toMatchObject({ code: "unexpected_answer", field: "serverUrl" });
  });
});

describe("the right to publish", () => {
  it.each(["ExplorerCanPublish", "SiteAdministratorCreator", "ServerAdministrator"])(
    "is present for %s",
    async (role) => {
      expect(await trials.check({ replies: { [sessionPath]: currentSession(role) } })).toMatchObject({
        ok: true,
      });
    },
  );

  it.each(["Viewer", "Explorer", "Unlicensed"])(
    "is missing for %s, and the check signs out",
    async (role) => {
      const replies = { [sessionPath]: currentSession(role) };
      expect(await trials.check({ replies })).toMatchObject({
        code: "not_permitted",
        step: "permission",
        field: "tokenName",
      });
      expect(trials.requests().at(-1)).toBe(signOutPath);
    },
  );

  it("is missing when Tableau rejects the session", async () => {
    const replies = { [sessionPath]: tableauError(401, "401002", "Invalid authentication credentials") };
    expect(await trials.check({ replies })).toMatchObject({ code: "not_permitted", step: "permission" });
  });
});
