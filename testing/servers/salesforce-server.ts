import { randomUUID } from "node:crypto";
import type { Authority } from "@/launcher/certificates.mjs";
import { type OneService, type Replies, startOneService } from "@/testing/servers/one-service";
import type { ServiceReply } from "@/testing/servers/service-replies";

export const salesforceHost = "acme.my.salesforce.com";
export const salesforceProperties = { sfURL: `https://${salesforceHost}` };
export const salesforceSecrets = {
  sfUser: "canary.etl@acme.example",
  sfPassword: "canary <&> \"pass'wörd",
  sfToken: "canaryToken8dK2mQ",
};

export const loginPath = "POST /services/Soap/u/54.0";
export const resourcesPath = "GET /services/data/v54.0/";

const envelope = (body: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`;
const asXml = { "content-type": "text/xml;charset=UTF-8" };

/**
 * developer.salesforce.com/docs/platform/api/guide/sforce-api-calls-login.html: LoginResult, reduced to the
 * fields that a check reads.
 */
export function loginResult(
  sessionId: string,
  {
    serverUrl = `https://${salesforceHost}/services/Soap/u/54.0/00D5g000008Yx1E`,
    passwordExpired = false,
  } = {},
): ServiceReply {
  const result = `<metadataServerUrl>https://${salesforceHost}/services/Soap/m/54.0/00D5g000008Yx1E</metadataServerUrl><passwordExpired>${passwordExpired}</passwordExpired><sandbox>false</sandbox><serverUrl>${serverUrl}</serverUrl><sessionId>${sessionId}</sessionId><userId>0055g00000ABcdeAAD</userId><userInfo><userName>etl</userName></userInfo>`;
  return {
    status: 200,
    headers: asXml,
    body: envelope(`<loginResponse><result>${result}</result></loginResponse>`),
  };
}

/** The API fault element of the same guide, with HTTP status 500 as in SOAP 1.1. */
export function salesforceFault(code: string, message = "Refused", status = 500): ServiceReply {
  const text = `You sent ${Object.values(salesforceSecrets).map(escaped).join(" ")}`;
  const fault = `<soapenv:Fault><faultcode>sf:${code}</faultcode><faultstring>${code}: ${message} ${text}</faultstring><detail><sf:LoginFault xsi:type="sf:LoginFault"><sf:exceptionCode>${code}</sf:exceptionCode><sf:exceptionMessage>${message} ${text}</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault>`;
  return { status, headers: asXml, body: envelope(fault) };
}

/** developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm */
export function restError(status: number, errorCode: string): ServiceReply {
  return { status, body: [{ message: "Refused", errorCode }] };
}

/** The login() of an organization under My Domain, and its REST API with that login's session. */
export function startSalesforce(
  authority: Authority,
  replies: Replies = {},
  answer: Parameters<typeof loginResult>[1] = {},
): Promise<OneService> {
  const session = `00D5g000008Yx1E!AQ4AQ.${randomUUID()}`;
  const { sfUser, sfPassword, sfToken } = salesforceSecrets;
  return startOneService(authority, [`${salesforceHost}:443`], ({ operation, headers, body }) => {
    const known = replies[operation];
    if (operation === loginPath) {
      const [, username, password] = /username>([^<]*)<[^>]*><[^>]*password>([^<]*)</.exec(body) ?? [];
      const isRight = unescaped(username) === sfUser && unescaped(password) === `${sfPassword}${sfToken}`;
      if (headers.soapaction === undefined || !isRight)
        return salesforceFault(
          "INVALID_LOGIN",
          "Invalid username, password, security token; or user locked out.",
        );
      return known ?? loginResult(session, answer);
    }
    if (headers.authorization !== `Bearer ${session}`) return restError(401, "INVALID_SESSION_ID");
    if (operation === resourcesPath)
      return (
        known ?? {
          status: 200,
          body: { query: "/services/data/v54.0/query", sobjects: "/services/data/v54.0/sobjects" },
        }
      );
    return restError(404, "NOT_FOUND");
  });
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function unescaped(text = ""): string {
  return text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}
