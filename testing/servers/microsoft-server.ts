import { randomUUID } from "node:crypto";
import https from "node:https";
import type { Authority } from "@/launcher/certificates.mjs";
import { type Listening, listen } from "@/testing/servers/listening";
import { type ServiceReply, serve } from "@/testing/servers/service-replies";

export type MicrosoftOptions = {
  authority: Authority;
  application: { tenantId: string; clientId: string; clientSecret: string };
  /** The host of the service that the token is for, such as graph.microsoft.com. */
  host: string;
  /** The scope that the token must have. */
  scope: string;
  /** Refuses the sign-in even of the right application, with this error number. */
  refuseWith?: { status: number; error: string; number: number };
  /** The service's answer to each path with its query. Any other path gets 404. */
  replies: Readonly<Record<string, ServiceReply>>;
};
export type MicrosoftServer = Listening & { routes: Record<string, number>; requests: string[] };

const signInHost = "login.microsoftonline.com";

/**
 * Microsoft Entra ID and one service that it protects, on one port by host name. Tokens and refusals follow
 * learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow and …/reference-error-codes.
 */
export async function startMicrosoftServer(options: MicrosoftOptions): Promise<MicrosoftServer> {
  const { authority, application, host, scope, refuseWith, replies } = options;
  const token = `eyJ0eXAi.${randomUUID()}`;
  const requests: string[] = [];
  const certificate = await authority.issue({ names: [signInHost, host] });
  const server = https.createServer(
    certificate,
    serve((request) => {
      requests.push(`${request.method} ${request.host}${request.path}`);
      if (request.host === signInHost) return signIn(request.path, new URLSearchParams(request.body));
      if (request.host !== host) return { status: 404, body: {} };
      if (request.headers.authorization !== `Bearer ${token}`) return { status: 401, body: {} };
      return replies[request.path] ?? { status: 404, body: { error: { code: "itemNotFound" } } };
    }),
  );
  const listening = await listen(server);
  const routes = { [`${signInHost}:443`]: listening.port, [`${host}:443`]: listening.port };
  return { ...listening, routes, requests };

  function signIn(path: string, form: URLSearchParams): ServiceReply {
    const said = `You sent ${form.get("client_secret")}`;
    if (path !== `/${application.tenantId}/oauth2/v2.0/token`)
      return refusal(400, "invalid_request", 90002, `Tenant '${path}' not found. ${said}`);
    if (form.get("grant_type") !== "client_credentials")
      return refusal(400, "unsupported_grant_type", 70003, said);
    if (form.get("client_id") !== application.clientId)
      return refusal(
        400,
        "unauthorized_client",
        700016,
        `Application was not found in the directory. ${said}`,
      );
    if (form.get("client_secret") !== application.clientSecret)
      return refusal(401, "invalid_client", 7000215, `Invalid client secret provided. ${said}`);
    if (form.get("scope") !== scope) return refusal(400, "invalid_scope", 70011, said);
    if (refuseWith !== undefined)
      return refusal(refuseWith.status, refuseWith.error, refuseWith.number, said);
    return {
      status: 200,
      body: { token_type: "Bearer", expires_in: 3599, ext_expires_in: 3599, access_token: token },
    };
  }
}

function refusal(status: number, error: string, number: number, text: string): ServiceReply {
  return {
    status,
    body: {
      error,
      error_description: `AADSTS${number}: ${text} Trace ID: 0000aaaa-11bb-cccc-dd22-eeeeee333333`,
      error_codes: [number],
      timestamp: "2026-01-09 02:02:12Z",
      trace_id: "0000aaaa-11bb-cccc-dd22-eeeeee333333",
      correlation_id: "aaaa0000-bb11-2222-33cc-444444dddddd",
      error_uri: `https://login.microsoftonline.com/error?code=${number}`,
    },
  };
}
