import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from "node:crypto";
import { jwtVerify } from "jose";
import type { Authority } from "@/launcher/certificates.mjs";
import { type OneService, type Replies, startOneService } from "@/testing/servers/one-service";
import type { ServiceReply } from "@/testing/servers/service-replies";

export const testSnowflakeHost = "myorg-myaccount.snowflakecomputing.com";
export const testTokenHost = "login.example.com";
export const snowflakeProperties = {
  account: `https://${testSnowflakeHost}`,
  username: "etl",
  warehouse: "COMPUTE_WH",
  database: "sales",
  schema: "public",
  role: "pipelines",
};
export const snowflakePassword = "canary-of-snowflake-pässword";
export const snowflakeKey = createKey();
export const snowflakeClient = {
  clientId: "0oa1canary",
  clientSecret: "canary-of-an-oauth-client",
  authUrl: `https://${testTokenHost}/oauth2/token`,
  scope: "session:role:PIPELINES",
};

export const loginPath = "POST /session/v1/login-request";
export const queryPath = "POST /queries/v1/query-request";
export const closePath = "POST /session";
export const statementsPath = "POST /api/v2/statements";
export const tokenPath = "POST /oauth2/token";

/** The role, warehouse, database and schema of a session. */
export type Context = readonly (string | null)[];
const whole: Context = ["PIPELINES", "COMPUTE_WH", "SALES", "PUBLIC"];

export function createKey(modulusLength = 2048): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** A refusal as Snowflake's drivers receive it: with status 200. */
export function loginRefusal(code: string, message: string): ServiceReply {
  return {
    status: 200,
    body: {
      data: { authnMethod: "USERNAME_PASSWORD", nextAction: "RETRY_LOGIN" },
      code,
      message: `${message} You sent ${snowflakePassword}`,
      success: false,
      headers: null,
    },
  };
}

export function queryAnswer(context: Context): ServiceReply {
  const data = { rowtype: [], rowset: [context], total: 1, returned: 1, queryResultFormat: "json" };
  return { status: 200, body: { data, code: null, message: null, success: true } };
}

/** docs.snowflake.com/en/developer-guide/sql-api/reference: ResultSet and QueryFailureStatus. */
export function resultSet(context: Context): ServiceReply {
  const resultSetMetaData = { numRows: 1, format: "jsonv2", rowType: [] };
  return {
    status: 200,
    body: { resultSetMetaData, data: [context], code: "090001", message: "Statement executed successfully." },
  };
}

/** The user that signs in by key, and its statements. */
type SnowflakeUser = {
  /** The keys, of which each works: private ones as PEM, or public ones. May change. */
  keys?: readonly (string | KeyObject)[];
  /** Answers a statement of the SQL API; undefined for the usual answer. */
  onStatement?: (statement: string) => ServiceReply | undefined;
};

/**
 * One account. Sessions follow Snowflake's open-source drivers (snowflakedb/gosnowflake,
 * snowflakedb/snowflake-connector-nodejs); the SQL API follows its reference. The token endpoint belongs to a
 * third party.
 */
export function startSnowflake(
  authority: Authority,
  replies: Replies = {},
  { keys = [snowflakeKey], onStatement }: SnowflakeUser = {},
): Promise<OneService> {
  const session = `ver:3-hint:${randomUUID()}`;
  const bought = `eyJhbGciOi.${randomUUID()}`;
  const endpoints = [`${testSnowflakeHost}:443`, `${testTokenHost}:443`];
  return startOneService(authority, endpoints, async ({ operation, path, headers, body }) => {
    const known = replies[operation];
    const asked = new URLSearchParams(path.replace(/^[^?]*/, ""));
    switch (operation) {
      case loginPath:
        if (!isLogin(body, asked))
          return loginRefusal("390100", "Incorrect username or password was specified.");
        return (
          known ?? {
            status: 200,
            body: { data: { token: session, masterToken: "m" }, code: null, success: true },
          }
        );
      case queryPath:
      case closePath:
        if (headers.authorization !== `Snowflake Token="${session}"`)
          return loginRefusal("390104", "Session token not found or invalid");
        if (operation === closePath) return { status: 200, body: { data: null, success: true } };
        return known ?? queryAnswer(whole);
      case tokenPath:
        return known ?? tokenAnswer(headers.authorization, bought);
      case statementsPath:
        return (
          (await refuseBearer(headers, { bought, keys })) ??
          known ??
          onStatement?.(JSON.parse(body).statement) ??
          resultSet(whole)
        );
      default:
        return { status: 404, body: {} };
    }
  });
}

function isLogin(body: string, asked: URLSearchParams): boolean {
  const { data } = JSON.parse(body);
  const { warehouse, database, schema, role } = snowflakeProperties;
  const context = [
    asked.get("warehouse"),
    asked.get("databaseName"),
    asked.get("schemaName"),
    asked.get("roleName"),
  ];
  return (
    data.LOGIN_NAME === snowflakeProperties.username &&
    data.PASSWORD === snowflakePassword &&
    data.ACCOUNT_NAME === "MYORG-MYACCOUNT" &&
    JSON.stringify(context) === JSON.stringify([warehouse, database, schema, role])
  );
}

function tokenAnswer(authorization: string | undefined, token: string): ServiceReply {
  const { clientId, clientSecret } = snowflakeClient;
  // Each half is form-encoded first (RFC 6749, section 2.3.1).
  const pair = Buffer.from(authorization?.replace("Basic ", "") ?? "", "base64").toString("utf8");
  if (decodeURIComponent(pair) !== `${clientId}:${clientSecret}`)
    return { status: 401, body: { error: "invalid_client" } };
  return { status: 200, body: { access_token: token, token_type: "Bearer", expires_in: 3600 } };
}

async function refuseBearer(
  headers: Readonly<Record<string, unknown>>,
  { bought, keys }: { bought: string; keys: readonly (string | KeyObject)[] },
): Promise<ServiceReply | undefined> {
  const bearer = String(headers.authorization).replace("Bearer ", "");
  if (headers["x-snowflake-authorization-token-type"] === "OAUTH")
    return bearer === bought
      ? undefined
      : { status: 401, body: { code: "390303", message: "Invalid OAuth access token." } };
  for (const key of keys) if (await isOfKey(bearer, key)) return undefined;
  return { status: 401, body: { code: "390144", message: `JWT token is invalid. [${randomUUID()}]` } };
}

/** A public key's fingerprint, as Snowflake shows it. */
export function fingerprintOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: "spki", format: "der" });
  return `SHA256:${createHash("sha256").update(der).digest("base64")}`;
}

async function isOfKey(token: string, key: string | KeyObject): Promise<boolean> {
  const publicKey = typeof key === "string" ? createPublicKey(key) : key;
  const subject = "MYORG-MYACCOUNT.ETL";
  const expected = { subject, issuer: `${subject}.${fingerprintOf(publicKey)}`, algorithms: ["RS256"] };
  return jwtVerify(token, publicKey, expected).then(
    () => true,
    () => false,
  );
}
