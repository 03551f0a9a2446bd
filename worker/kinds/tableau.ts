import type * as z from "zod";
import type { OpenedProperties } from "@/lib/connectors/define";
import { tableau, tableauServer } from "@/lib/connectors/kinds/tableau";
import { CheckFailure, defineCheck } from "@/worker/check";
import {
  at,
  createHttpClient,
  explainHttp,
  type HttpClient,
  requireHeaderValue,
  requireProperty,
  textAt,
} from "@/worker/clients/http";
import { loadUndici } from "@/worker/clients/undici";

type Properties = OpenedProperties<z.output<typeof tableau.fields>>;
type Server = { api: string; release: string };
type Session = { token: string; siteId: string };

/** The site roles that may publish (help.tableau.com/current/server/en-us/users_site_roles.htm). */
const publishers: readonly string[] = [
  "Creator",
  "ExplorerCanPublish",
  "SiteAdministratorCreator",
  "SiteAdministratorExplorer",
  "ServerAdministrator",
];

/** Signs in, reads the session's site role and signs out. Publishes nothing. */
export const checkTableau = defineCheck(tableau, {
  preload: loadUndici,

  async run(properties, { begin }) {
    const call = await createHttpClient("serverUrl", properties.caCertificate);
    const { host, port } = requireProperty(tableauServer(properties.serverUrl) ?? undefined, "serverUrl");
    const server = await findServer(call, `https://${host.includes(":") ? `[${host}]` : host}:${port}`);
    const session = await signIn(call, server, properties);
    begin("permission");
    try {
      await requirePublisher(call, server, session);
    } finally {
      // A failure to sign out says nothing about the connection.
      await call(`${server.api}/auth/signout`, asSession(session, "POST")).catch(() => {});
    }
    return /^\d+(\.\d+){0,3}$/.test(server.release) ? { serverVersion: server.release } : {};
  },
  explain: (error) => explainHttp(error, "serverUrl"),
});

/** Reads the server's API version, which needs no sign-in. Access tokens require 3.6 or later. */
async function findServer(call: HttpClient, origin: string): Promise<Server> {
  const { status, json } = await call(`${origin}/api/2.4/serverinfo`);
  const version = textAt(json, "serverInfo", "restApiVersion");
  const [, major, minor] = /^(\d{1,2})\.(\d{1,3})$/.exec(version) ?? [];
  if (status !== 200 || major === undefined) throw new CheckFailure("unexpected_answer", "serverUrl");
  if (Number(major) < 3 || (Number(major) === 3 && Number(minor) < 6))
    throw new CheckFailure("version_not_supported", "serverUrl");
  return { api: `${origin}/api/${version}`, release: textAt(json, "serverInfo", "productVersion", "value") };
}

/** help.tableau.com/current/api/rest_api/en-us/REST/rest_api_ref_authentication.htm */
async function signIn(
  call: HttpClient,
  { api }: Server,
  { siteName, tokenName, tokenValue }: Properties,
): Promise<Session> {
  const { status, json } = await call(`${api}/auth/signin`, {
    method: "POST",
    body: JSON.stringify({
      credentials: {
        personalAccessTokenName: tokenName,
        personalAccessTokenSecret: requireHeaderValue(tokenValue, "tokenValue"),
        site: { contentUrl: siteName },
      },
    }),
  });
  const token = textAt(json, "credentials", "token");
  const siteId = textAt(json, "credentials", "site", "id");
  if (status === 200 && token !== "" && siteId !== "")
    return { token: requireHeaderValue(token, "serverUrl"), siteId };
  if (textAt(json, "error", "code") === "") throw new CheckFailure("unexpected_answer", "serverUrl");
  if (status === 401) throw new CheckFailure("rejected_credentials", "tokenValue");
  if (status === 404) throw new CheckFailure("site_not_found", "siteName");
  if (status === 403) throw new CheckFailure("not_admitted", "tokenName");
  throw new CheckFailure("unexpected_answer", "serverUrl");
}

/** "Get Current Server Session" in help.tableau.com/current/api/rest_api/en-us/REST/rest_api_ref_server.htm. */
async function requirePublisher(call: HttpClient, { api }: Server, session: Session): Promise<void> {
  const { status, json } = await call(`${api}/sessions/current`, asSession(session, "GET"));
  const role = textAt(json, "session", "user", "siteRole");
  if (status === 401 || status === 403) throw new CheckFailure("not_permitted", "tokenName");
  if (status !== 200 || role === "" || at(json, "session", "site", "id") !== session.siteId)
    throw new CheckFailure("unexpected_answer", "serverUrl");
  if (!publishers.includes(role)) throw new CheckFailure("not_permitted", "tokenName");
}

function asSession({ token }: Session, method: "GET" | "POST") {
  return { method, headers: { "x-tableau-auth": token } };
}
