import { describe, expect, expectTypeOf, it } from "vitest";
import type * as z from "zod";
import type { OpenedProperties } from "@/lib/connectors/define";
import { destinationKey } from "@/lib/connectors/destination";
import { postgres } from "@/lib/connectors/kinds/postgres";
import { restApi } from "@/lib/connectors/kinds/rest-api";
import { sftp } from "@/lib/connectors/kinds/sftp";
import { destinationsOf } from "@/lib/connectors/secret-destinations";
import { secretFields, validate } from "@/lib/connectors/validate";
import { hostPortOf } from "@/lib/egress/host";

const pg = { server: "db.example.com", database: "sales", username: "ana", password: "s1" };
const api = { baseUrl: "https://api.example.com" };

describe("validation", () => {
  it("fills in the defaults", () => {
    expect(validate(postgres, pg)).toEqual({
      ok: true,
      value: { ...pg, port: "5432", tlsMode: "verify-full" },
    });
  });

  it("requires visible fields and drops hidden or unknown ones", () => {
    const base = { host: "files.example.com", username: "ana", authMethod: "private_key" };
    expect(validate(sftp, { ...base, password: "s1" })).toEqual({
      ok: false,
      fieldErrors: { privateKey: "Choose a secret." },
    });
    expect(validate(sftp, { ...base, password: "s1", privateKey: "s2", other: 1 })).toEqual({
      ok: true,
      value: { ...base, port: 22, privateKey: "s2" },
    });
  });

  it("names the field of each error", () => {
    const result = validate(postgres, { server: "https://db/", port: "0" });
    expect(result.ok ? [] : Object.keys(result.fieldErrors).sort()).toEqual(
      ["database", "password", "port", "server", "username"].sort(),
    );
  });

  it("keeps unencrypted HTTP an explicit choice", () => {
    const http = { baseUrl: "http://127.0.0.1:8080" };
    expect(validate(restApi, http)).toMatchObject({
      ok: false,
      fieldErrors: { baseUrl: expect.any(String) },
    });
    expect(validate(restApi, { ...http, tlsMode: "disable" })).toMatchObject({ ok: true });
    expect(validate(restApi, { ...api, tlsMode: "disable" })).toMatchObject({
      ok: false,
      fieldErrors: { tlsMode: expect.any(String) },
    });
  });

  it.each([
    "ftp://api.example.com",
    "https://a:b@api.example.com",
    "https:///x",
    "https://x.org/?a=1",
    "//x.org",
  ])("rejects the base URL %s", (baseUrl) => {
    expect(validate(restApi, { baseUrl })).toMatchObject({
      ok: false,
      fieldErrors: { baseUrl: expect.any(String) },
    });
  });

  it.each(["Host", "content-length", "Transfer-Encoding", "connection", "Upgrade", "TE", "Expect"])(
    "rejects the header %s for the API key, because it controls the request itself",
    (apiKeyName) => {
      const key = { ...api, authType: "api_key", apiKey: "s1", apiKeyName };
      expect(validate(restApi, key)).toMatchObject({ fieldErrors: { apiKeyName: expect.any(String) } });
    },
  );

  it("judges a host of a million dots immediately", () => {
    const startedAt = performance.now();
    expect(validate(postgres, { ...pg, server: `${".".repeat(200_000)}a` })).toMatchObject({ ok: false });
    expect(performance.now() - startedAt).toBeLessThan(500);
  });

  it.each(["//evil.example.com/", "status", "/a b", "/\\evil"])("rejects the check path %s", (testPath) => {
    expect(validate(restApi, { ...api, testPath })).toMatchObject({ ok: false });
  });

  it("requires only the fields of the chosen authentication, with its defaults", () => {
    const key = { ...api, authType: "api_key", apiKey: "s1", apiKeyName: "X-Key" };
    expect(validate(restApi, { ...key, bearerToken: "s9" })).toEqual({
      ok: true,
      value: { ...key, testPath: "/", apiKeyIn: "header", tlsMode: "verify-full" },
    });
  });
});

describe("secrets of a connection", () => {
  it("are listed with the secret types that fit, chosen or not", () => {
    expect(secretFields(postgres, pg)).toEqual([
      { field: "password", title: "Password", subKinds: ["text", "username_password"], secretId: "s1" },
      { field: "caCertificate", title: "CA certificate", subKinds: ["binary", "text"], secretId: null },
    ]);
  });

  it("are not opened for a server whose host key nobody has confirmed", () => {
    const input = { host: "files.example.com", username: "ana", password: "s1" };
    const unknown = validate(sftp, input);
    const confirmed = validate(sftp, { ...input, hostKeyFingerprint: `SHA256:${"a".repeat(43)}` });
    if (!unknown.ok || !confirmed.ok) throw new Error("both are valid");
    const fieldsSent = (value: typeof confirmed.value) =>
      destinationsOf(sftp, value, {}).destinations.flatMap(({ secretFields }) => secretFields);
    expect(fieldsSent(unknown.value)).toEqual([]);
    expect(fieldsSent(confirmed.value)).toEqual(["password"]);
  });

  it("have types that define the data a check receives", () => {
    type Opened = OpenedProperties<z.output<typeof sftp.fields>>;
    expectTypeOf<Opened["password"]>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Opened["privateKey"]>().toEqualTypeOf<string | Uint8Array | undefined>();
    expectTypeOf<Opened["port"]>().toEqualTypeOf<number>();
  });
});

describe("destinations", () => {
  const keysOf = (input: object, authHost?: string) => {
    const result = validate(restApi, input);
    if (!result.ok) throw new Error(JSON.stringify(result.fieldErrors));
    const metadata =
      authHost === undefined ? {} : { oauthClient: { subKind: "m2m_oauth" as const, authHost } };
    return restApi.destinations(result.value, metadata).map((destination) => destinationKey(destination));
  };

  it("are equal for all spellings of a host", () => {
    const spell = (host: string) =>
      destinationKey({ protocol: "postgres", host, port: 5432, tls: "verify-full" });
    expect(spell("db.example.com")).toBe("postgres://db.example.com:5432?tls=verify-full");
    for (const host of ["DB.Example.Com", "db.example.com.", " db.example.com"])
      expect(spell(host)).toBe(spell("db.example.com"));
    for (const host of ["2130706433", "0x7f.1", "0177.0.0.1"]) expect(spell(host)).toBe(spell("127.0.0.1"));
    expect(spell("[::1]")).toBe(spell("0:0:0:0:0:0:0:1"));
  });

  it("differ by port, transport security and scheme", () => {
    expect(keysOf(api)).toEqual(["https://api.example.com:443"]);
    expect(keysOf({ ...api, tlsMode: "require" })).toEqual(["https://api.example.com:443?tls=require"]);
    expect(keysOf({ baseUrl: "http://api.example.com", tlsMode: "disable" })).toEqual([
      "http://api.example.com:80",
    ]);
    expect(destinationKey({ protocol: "sftp", host: "h", port: 22 })).toBe("sftp://h:22?hostkey=none");
  });

  it("of an OAuth client are the token endpoint and the API", () => {
    const oauth = { ...api, authType: "oauth_client_credentials", oauthClient: "s1" };
    expect(hostPortOf("https://IDP.example.com/oauth2/token")).toBe("idp.example.com:443");
    expect(keysOf(oauth, "idp.example.com:443")).toEqual([
      "oauth-token://idp.example.com:443",
      "https://api.example.com:443",
    ]);
    expect(keysOf(oauth)).toEqual(["https://api.example.com:443"]);
  });
});
