import { createPublicKey, generateKeyPairSync, randomUUID } from "node:crypto";
import https from "node:https";
import { decodeJwt, errors, jwtVerify } from "jose";
import type { Authority } from "@/launcher/certificates.mjs";
import { type Listening, listen } from "@/testing/servers/listening";
import { type ServiceReply, serve } from "@/testing/servers/service-replies";

export type ServiceAccount = { email: string; keyFile: string; keyId: string; privateKey: string };

/** A service account with its key file, as in cloud.google.com/iam/docs/keys-create-delete. */
export function createServiceAccount(name = "selvage"): ServiceAccount {
  const privateKey = generateKeyPairSync("rsa", { modulusLength: 2048 })
    .privateKey.export({ type: "pkcs8", format: "pem" })
    .toString();
  const email = `${name}@my-project-123.iam.gserviceaccount.com`;
  const keyId = randomUUID().replaceAll("-", "");
  const keyFile = {
    type: "service_account",
    project_id: "my-project-123",
    private_key_id: keyId,
    private_key: privateKey,
    client_email: email,
    client_id: "103000000000000000001",
    auth_uri: "https://accounts.google.com/o/oauth2/auth",
    token_uri: "https://oauth2.googleapis.com/token",
    auth_provider_x509_cert_url: "https://www.googleapis.com/oauth2/v1/certs",
    client_x509_cert_url: `https://www.googleapis.com/robot/v1/metadata/x509/${encodeURIComponent(email)}`,
    universe_domain: "googleapis.com",
  };
  return { email, keyId, privateKey, keyFile: JSON.stringify(keyFile, null, 2) };
}

export type GoogleOptions = {
  authority: Authority;
  account: ServiceAccount;
  /** The scopes that the token must have. */
  scope: string;
  /** By how many milliseconds this server's clock is ahead. */
  aheadMs?: number;
  /** Refuses the sign-in even of the right account. */
  refuseWith?: { status: number; error: string; error_description: string };
  /** The answers by "METHOD host/path" with the query. Any other request gets 404. */
  replies: Readonly<Record<string, ServiceReply>>;
};
export type GoogleServer = Listening & { routes: Record<string, number>; requests: string[] };

const signInHost = "oauth2.googleapis.com";
const hosts = [signInHost, "bigquery.googleapis.com", "storage.googleapis.com"];

/**
 * Google's token endpoint, which really verifies assertions, and its services, on one port by host name.
 * Refusals follow developers.google.com/identity/protocols/oauth2/service-account#error-codes.
 */
export async function startGoogleServer(options: GoogleOptions): Promise<GoogleServer> {
  const token = `ya29.${randomUUID()}`;
  const requests: string[] = [];
  const server = https.createServer(
    await options.authority.issue({ names: hosts }),
    serve(async ({ method, host, path, headers, body }) => {
      requests.push(`${method} ${host}${path}`);
      if (host === signInHost) return signIn(new URLSearchParams(body), token, options);
      if (headers.authorization !== `Bearer ${token}`)
        return googleError(401, "authError", "Invalid Credentials");
      const unplanned = method === "POST" && !/"dryRun":true/.test(body);
      if (unplanned) return googleError(400, "invalid", "A check must not run anything.");
      return options.replies[`${method} ${host}${path}`] ?? googleError(404, "notFound", "Not Found");
    }),
  );
  const listening = await listen(server);
  const routes = Object.fromEntries(hosts.map((host) => [`${host}:443`, listening.port]));
  return { ...listening, routes, requests };
}

/** cloud.google.com/bigquery/docs/error-messages and cloud.google.com/storage/docs/json_api/v1/status-codes. */
export function googleError(status: number, reason: string, message: string): ServiceReply {
  const errors = [{ message, domain: "global", reason }];
  return { status, body: { error: { code: status, message, errors } } };
}

async function signIn(
  form: URLSearchParams,
  token: string,
  { account, scope, aheadMs = 0, refuseWith }: GoogleOptions,
): Promise<ServiceReply> {
  const assertion = form.get("assertion") ?? "";
  const refused = (error: string, description: string, status = 400): ServiceReply => ({
    status,
    body: { error, error_description: description, said: `You sent ${assertion}` },
  });
  if (form.get("grant_type") !== "urn:ietf:params:oauth:grant-type:jwt-bearer")
    return refused("unsupported_grant_type", "Invalid grant_type");
  if (decodeJwt(assertion).iss !== account.email)
    return refused("invalid_grant", "Invalid grant: account not found");
  try {
    const { payload } = await jwtVerify(assertion, createPublicKey(account.privateKey), {
      audience: "https://oauth2.googleapis.com/token",
      algorithms: ["RS256"],
      currentDate: new Date(Date.now() + aheadMs),
    });
    if (payload.scope !== scope)
      return refused("invalid_scope", "Invalid OAuth scope or ID token audience provided.");
  } catch (error) {
    return error instanceof errors.JWSSignatureVerificationFailed
      ? refused("invalid_grant", "Invalid JWT Signature.")
      : refused(
          "invalid_grant",
          "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.",
        );
  }
  if (refuseWith !== undefined)
    return refused(refuseWith.error, refuseWith.error_description, refuseWith.status);
  return { status: 200, body: { access_token: token, expires_in: 3599, token_type: "Bearer" } };
}
