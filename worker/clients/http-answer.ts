import type { CheckCode } from "@/lib/connectors/check-protocol";

type Headers = Readonly<Record<string, string | string[] | undefined>>;
type Request = { readonly url: URL; readonly authType: keyof typeof credentialFields };
/** `isSignedIn`: the server accepted the credentials, and something else is wrong. */
type Finding = { code: CheckCode; field?: string; isSignedIn: boolean };

const credentialFields = {
  none: "authType",
  basic: "basicCredential",
  bearer: "bearerToken",
  api_key: "apiKey",
  oauth_client_credentials: "oauthClient",
} as const;

/** Maps an API's answer to a finding; null when the check passed. */
export function judgeAnswer(status: number, headers: Headers, { url, authType }: Request): Finding | null {
  const finding = (code: CheckCode, field?: string, isSignedIn = false): Finding => ({
    code,
    isSignedIn,
    ...(field !== undefined && { field }),
  });
  const credential = credentialFields[authType];
  if (status === 401)
    return finding(authType === "none" ? "credentials_missing" : "rejected_credentials", credential);
  if (status === 403) return finding("not_permitted", credential, true);
  if (status === 404 || status === 410) return finding("path_not_found", "testPath", true);
  if (status === 407) return finding("proxy_in_the_way", "baseUrl");
  if (status === 429) return finding("rate_limited");
  if (status >= 500) return finding("server_error");
  if (status >= 400) return finding("path_not_readable", "testPath", true);
  if (status >= 300)
    return finding("redirected", pointsElsewhere(headers.location, url) ? "baseUrl" : "testPath");
  // A web page instead of an API answer comes from a proxy or a sign-in page and proves no credential.
  const isPage = authType !== "none" && String(headers["content-type"] ?? "").includes("text/html");
  return isPage ? finding("unexpected_answer", "testPath") : null;
}

function pointsElsewhere(location: string | string[] | undefined, url: URL): boolean {
  const target = String(location ?? "");
  return URL.canParse(target, url) && new URL(target, url).origin !== url.origin;
}
