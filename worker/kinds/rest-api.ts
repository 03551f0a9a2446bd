import type * as z from "zod";
import type { OpenedProperties } from "@/lib/connectors/define";
import { restApi } from "@/lib/connectors/kinds/rest-api";
import { CheckFailure, defineCheck } from "@/worker/check";
import { clientIdentity, verification } from "@/worker/clients/certificates";
import { explainHttp, requireHeaderValue, requireProperty } from "@/worker/clients/http";
import { judgeAnswer } from "@/worker/clients/http-answer";
import { fetchToken } from "@/worker/clients/oauth-token";
import { loadUndici } from "@/worker/clients/undici";
import { isCertificateDemand } from "@/worker/egress/socket-faults";

type Properties = OpenedProperties<z.output<typeof restApi.fields>>;

/** Requests the check path once, with the connection's credentials. A redirect is a finding and is not followed. */
export const checkRestApi = defineCheck(restApi, {
  preload: loadUndici,

  async run(properties, { begin, skip }) {
    const { Agent, request } = await loadUndici();
    const { authType, tlsMode, caCertificate } = properties;
    if (authType === "none") skip("sign_in");
    const tls = tlsMode === "disable" ? {} : verification(tlsMode, caCertificate);
    const identity = clientIdentity(properties.clientCertificate, properties.clientKey);
    const { url, headers } = await signedRequest(properties);
    const answer = await request(url, {
      method: "GET",
      headers: { accept: "application/json, */*;q=0.5", "user-agent": "selvage-check", ...headers },
      // The pool's timeout ends a slow check at its current step.
      dispatcher: new Agent({ connect: { ...tls, ...identity, timeout: 0 } }),
    });
    answer.body.on("error", () => {});
    const isDemand =
      answer.statusCode === 400 && tlsMode !== "disable" && (await demandsCertificate(answer.body));
    // Otherwise only the headers matter. A hostile server could send an endless body.
    answer.body.destroy();
    if (isDemand)
      throw new CheckFailure("client_certificate_required", "clientCertificate", undefined, "tls");
    const finding = judgeAnswer(answer.statusCode, answer.headers, { url, authType });
    if (finding === null || finding.isSignedIn) begin("permission");
    const facts = { status: String(answer.statusCode) };
    if (finding !== null) throw new CheckFailure(finding.code, finding.field, facts);
    return facts;
  },

  explain(error) {
    if (isCertificateDemand(error))
      return new CheckFailure("client_certificate_required", "clientCertificate");
    return explainHttp(error, "baseUrl");
  },
});

/**
 * True for nginx's page about a client certificate that is missing or that it does not trust: it completes the
 * handshake, and answers 400. Reads the first piece of the body, for comparison only.
 */
async function demandsCertificate(body: AsyncIterable<Uint8Array>): Promise<boolean> {
  for await (const piece of body)
    return /SSL certificate (error|was sent)/.test(Buffer.from(piece.subarray(0, 1024)).toString("latin1"));
  return false;
}

type SignedRequest = { url: URL; headers: Record<string, string> };

async function signedRequest(properties: Properties): Promise<SignedRequest> {
  const url = checkAddress(properties.baseUrl, properties.testPath);
  switch (properties.authType) {
    case "none":
      return { url, headers: {} };
    case "basic": {
      const { username, password } = requireProperty(properties.basicCredential, "basicCredential");
      // In basic authentication, the first colon ends the user name.
      if (username.includes(":")) throw new CheckFailure("secret_malformed", "basicCredential");
      const pair = Buffer.from(`${username}:${password}`).toString("base64");
      return { url, headers: { authorization: `Basic ${pair}` } };
    }
    case "bearer": {
      const token = requireHeaderValue(requireProperty(properties.bearerToken, "bearerToken"), "bearerToken");
      return { url, headers: { authorization: `Bearer ${token}` } };
    }
    case "api_key": {
      const key = requireProperty(properties.apiKey, "apiKey");
      const name = requireProperty(properties.apiKeyName, "apiKeyName");
      if (properties.apiKeyIn !== "query")
        return { url, headers: { [name]: requireHeaderValue(key, "apiKey") } };
      url.searchParams.set(name, key);
      return { url, headers: {} };
    }
    case "oauth_client_credentials": {
      const client = requireProperty(properties.oauthClient, "oauthClient");
      const token = requireHeaderValue(await fetchToken(client, properties.caCertificate), "oauthClient");
      return { url, headers: { authorization: `Bearer ${token}` } };
    }
  }
}

/** Appends the check path to the base URL. The origin stays the same. */
function checkAddress(baseUrl: string, testPath: string): URL {
  const base = new URL(baseUrl);
  const url = new URL(`${base.origin}${base.pathname.replace(/\/+$/, "")}${testPath}`);
  if (url.origin !== base.origin) throw new CheckFailure("misconfigured", "testPath");
  return url;
}
