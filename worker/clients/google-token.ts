import * as z from "zod";
import type { CheckCode } from "@/lib/connectors/check-protocol";
import { CheckFailure } from "@/worker/check";
import { requireHeaderValue, textAt } from "@/worker/clients/http";
import { createServiceClient } from "@/worker/clients/service-client";

const field = "serviceAccountKey";
const tokenEndpoint = "https://oauth2.googleapis.com/token";

/**
 * A service account key file from Google. A file that names another cloud or token endpoint is refused,
 * because it could send its holder's assertion elsewhere.
 */
const keyFile = z.object({
  type: z.literal("service_account"),
  private_key_id: z.string().min(1).max(200),
  private_key: z.string().min(1),
  client_email: z.string().regex(/^[^@\s]+@[a-z0-9.-]+\.gserviceaccount\.com$/),
  token_uri: z.enum([
    tokenEndpoint,
    "https://accounts.google.com/o/oauth2/token",
    "https://www.googleapis.com/oauth2/v4/token",
  ]),
  universe_domain: z.literal("googleapis.com").optional(),
});
type KeyFile = z.output<typeof keyFile>;

/** Buys a token for these scopes with a signed JWT assertion of a service account (RFC 7523). */
export async function fetchGoogleToken(key: string, scopes: readonly string[]): Promise<string> {
  const assertion = await signAssertion(readKeyFile(key), scopes);
  const call = await createServiceClient(field);
  const { status, json } = await call(tokenEndpoint, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion }),
  });
  const token = textAt(json, "access_token");
  if (status === 200 && token !== "") return requireHeaderValue(token, field);
  throw new CheckFailure(refusal(textAt(json, "error"), textAt(json, "error_description")), field);
}

function readKeyFile(key: string): KeyFile {
  try {
    return keyFile.parse(JSON.parse(key));
  } catch {
    throw new CheckFailure("service_account_key_invalid", field);
  }
}

async function signAssertion(key: KeyFile, scopes: readonly string[]): Promise<string> {
  const { importPKCS8, SignJWT } = await import("jose");
  // Read once: Google refuses an assertion of more than an hour, and a second may end between two looks.
  const now = Math.floor(Date.now() / 1000);
  try {
    return await new SignJWT({ scope: scopes.join(" ") })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: key.private_key_id })
      .setIssuer(key.client_email)
      .setAudience(tokenEndpoint)
      .setIssuedAt(now)
      .setExpirationTime(now + 3600)
      .sign(await importPKCS8(key.private_key, "RS256"));
  } catch {
    throw new CheckFailure("service_account_key_invalid", field);
  }
}

/**
 * `invalid_grant` alone may mean the clock, the account or its key, so the description decides. It is
 * compared, never passed on.
 */
function refusal(error: string, description: string): CheckCode {
  switch (error) {
    case "":
      return "unexpected_answer";
    case "disabled_client":
      return "account_locked";
    case "invalid_scope":
      return "scope_rejected";
    case "invalid_grant":
      if (description.startsWith("Invalid JWT: Token must be a short-lived token")) return "clock_differs";
      return description.startsWith("Invalid grant: account not found")
        ? "account_not_found"
        : "rejected_credentials";
    default:
      return "rejected_credentials";
  }
}
