import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { defineConnector } from "@/lib/connectors/define";
import { indexerSecretPath } from "@/lib/connectors/nested-reference";
import { connectors } from "@/lib/connectors/registry";
import { namedDestinations, secretsOfConnection } from "@/lib/connectors/secret-destinations";

const text = (id: string, version = 1) => ({ id, version, subKind: "text" as const, metadata: {} });
const postgres = {
  server: "DB.example.com.",
  port: "5432",
  database: "sales",
  username: "svc",
  tlsMode: "verify-full",
};
const password = { field: "password", secret: text("p") };
const destinationsOf = (
  kind: string,
  properties: object,
  references: Parameters<typeof secretsOfConnection>[2],
) =>
  secretsOfConnection(kind, { ...properties }, references)?.map(({ field, destinations }) => [
    field,
    ...destinations,
  ]) ?? null;

test("each secret of a connection goes to its own destinations", () => {
  expect(destinationsOf("postgres", postgres, [password])).toEqual([
    ["password", "postgres://db.example.com:5432?tls=verify-full"],
  ]);
  const vouched = [{ field: "caCertificate", secret: text("ca", 3) }, password];
  expect(destinationsOf("postgres", postgres, vouched)).toEqual([
    ["caCertificate", "postgres://db.example.com:5432?tls=verify-full"],
    ["password", "postgres://db.example.com:5432?tls=verify-full&ca=ca.3"],
  ]);
  const oauth = {
    id: "o",
    version: 1,
    subKind: "m2m_oauth" as const,
    metadata: { authHost: "idp.example:443" },
  };
  const api = { baseUrl: "https://api.example", authType: "oauth_client_credentials" };
  expect(destinationsOf("restapi", api, [{ field: "oauthClient", secret: oauth }])).toEqual([
    ["oauthClient", "oauth-token://idp.example:443", "https://api.example:443?proved"],
  ]);
  // A check withholds the password until a person confirms the host key; a pipeline's driver does not.
  const sftp = { host: "files.example", port: 22, username: "u", authMethod: "password" };
  expect(destinationsOf("sftp", sftp, [password])).toEqual([
    ["password", "sftp://files.example:22?hostkey=none"],
  ]);
});

test("saved settings that a newer rule rejects keep their destinations", () => {
  const saved = { ...postgres, database: "sales;2019" };
  expect(destinationsOf("postgres", saved, [password])).toEqual([
    ["password", "postgres://db.example.com:5432?tls=verify-full"],
  ]);
});

test.each([
  ["a host with syntax of a client", { server: "db.example.com;host=evil.example" }],
  ["a descriptor of Oracle", { server: "db.example.com)(HOST=evil.example)" }],
  ["an address that clients read in two ways", { server: "010.0.0.1" }],
  ["no host", { server: "" }],
  ["no port", { port: "x" }],
  ["a port that is none", { port: "70000" }],
])("settings without a destination that can be named join nothing: %s", (_what, change) => {
  expect(destinationsOf("postgres", { ...postgres, ...change }, [password])).toBeNull();
});

test("a web address that clients parse in two ways joins nothing", () => {
  const token = { field: "bearerToken", secret: text("t") };
  const api = { authType: "bearer", tlsMode: "verify-full" };
  const to = (baseUrl: string) => destinationsOf("restapi", { ...api, baseUrl }, [token]);
  expect(to("https://api.example")).toEqual([["bearerToken", "https://api.example:443"]]);
  expect(to("https://api.example\\@evil.example")).toBeNull();
  expect(to("https://api.example;x=evil.example")).toBeNull();
});

test("empty settings of any kind send no secret, and neither does an unknown kind", () => {
  for (const kind of Object.keys(connectors)) {
    const secrets = secretsOfConnection(kind, {}, [password]);
    for (const { destinations } of secrets ?? []) expect(destinations.length, kind).toBeGreaterThan(0);
  }
  expect(secretsOfConnection("nothing", postgres, [password])).toBeNull();
  expect(secretsOfConnection("postgres", {}, [])).toEqual([]);
});

test("a secret that is only kept for API clients changes no named destination", () => {
  // A kind whose destinations depend on every secret that it is given.
  const probe = defineConnector({
    kind: "probe",
    name: "Probe",
    description: "",
    group: "web",
    rights: "",
    credentialPage: "",
    fields: z.object({}),
    destinations: (_properties, metadata) =>
      Object.values(metadata).map((secret) => ({
        protocol: "probe",
        host: secret?.authHost ?? "",
        port: 1,
        hostField: "host",
        portField: "port",
        secretFields: [],
      })),
  });
  Object.assign(connectors, { probe });
  onTestFinished(() => void Reflect.deleteProperty(connectors, "probe"));
  const at = (authHost: string) => ({
    id: authHost,
    version: 1,
    subKind: "m2m_oauth" as const,
    metadata: { authHost },
  });
  const sent = { field: "oauthClient", secret: at("sent.example") };
  const kept = { field: indexerSecretPath, secret: at("kept.example") };
  expect(namedDestinations("probe", {}, [sent, kept])).toEqual(["probe://sent.example:1?tls=disable"]);
  expect(namedDestinations("probe", {}, [kept])).toEqual([]);
});
