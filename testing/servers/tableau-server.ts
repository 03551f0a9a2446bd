import { randomUUID } from "node:crypto";
import * as z from "zod";
import type { Authority } from "@/launcher/certificates.mjs";
import { type OneService, type Replies, startOneService } from "@/testing/servers/one-service";
import type { ServiceReply } from "@/testing/servers/service-replies";

export const tableauHost = "prod-useast-b.online.tableau.com";
export const tableauProperties = {
  serverUrl: `https://${tableauHost}`,
  siteName: "marketing",
  tokenName: "selvage",
};
/** The contentUrl of the Default site of every Tableau Server. */
const defaultSite = "";
export const tableauToken = "canaryqlE1g9MMh9vbrjjg==:rZTHhPpP2tUW1kfn4tjg8";

const siteId = "9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d";
const userId = "9f9e9d9c-8b8a-8f8e-7d7c-7b7a6f6d6e6d";

export const infoPath = "GET /api/2.4/serverinfo";
export const signInPath = "POST /api/3.19/auth/signin";
export const sessionPath = "GET /api/3.19/sessions/current";
export const signOutPath = "POST /api/3.19/auth/signout";

/** An error as in help.tableau.com/current/api/rest_api/en-us/REST/rest_api_concepts_errors.htm, in JSON. */
export function tableauError(status: number, code: string, summary: string): ServiceReply {
  return { status, body: { error: { summary, detail: `${summary}.`, code } } };
}

export function serverInfo(restApiVersion: string): ServiceReply {
  const productVersion = { value: "2023.1.0", build: "20231.23.0401.1234" };
  return { status: 200, body: { serverInfo: { productVersion, restApiVersion } } };
}

/**
 * Get Current Server Session, from help.tableau.com/current/api/rest_api/en-us/REST/rest_api_ref_server.htm
 */
export function currentSession(siteRole: string): ServiceReply {
  const site = { id: siteId, name: "Marketing", contentUrl: "marketing" };
  return { status: 200, body: { session: { site, user: { id: userId, name: "etl", siteRole } } } };
}

const credentials = z.object({
  credentials: z.object({
    personalAccessTokenName: z.literal(tableauProperties.tokenName),
    personalAccessTokenSecret: z.literal(tableauToken),
    site: z.object({ contentUrl: z.enum([tableauProperties.siteName, defaultSite]) }),
  }),
});

/**
 * Sign In and Sign Out, from help.tableau.com/current/api/rest_api/en-us/REST/rest_api_ref_authentication.htm
 */
export function startTableau(authority: Authority, replies: Replies = {}): Promise<OneService> {
  const token = `${randomUUID()}|${randomUUID()}|${siteId}`;
  let isOpen = false;
  return startOneService(authority, [`${tableauHost}:443`], ({ operation, headers, body }) => {
    const known = replies[operation];
    if (operation === infoPath) return known ?? serverInfo("3.19");
    if (operation === signInPath) {
      if (!credentials.safeParse(JSON.parse(body)).success)
        return tableauError(401, "401001", "Signin Error");
      isOpen = true;
      const site = { id: siteId, contentUrl: "marketing" };
      return known ?? { status: 200, body: { credentials: { site, user: { id: userId }, token } } };
    }
    if (!isOpen || headers["x-tableau-auth"] !== token)
      return tableauError(401, "401002", "Invalid authentication credentials were provided");
    if (operation === signOutPath) {
      isOpen = false;
      return { status: 204, body: "" };
    }
    if (operation === sessionPath) return known ?? currentSession("Creator");
    return tableauError(404, "404000", "Resource Not Found");
  });
}
