/** When a value expires according to itself, as an ISO text, and which part of it says so. */
export type ValueExpiry = { at: string; source: "certificate" | "token" | "signature" | "key" };

/**
 * The expiry that a text carries: the `exp` of a JWT (RFC 7519 §4.1.4), the `se` of a shared access signature of
 * Azure, the end of an OpenSSH certificate, or the expiry in a JSON key file. Undefined when it carries none.
 * Looks only at the text, and verifies nothing: the date is for reminders.
 */
export function expiryOfText(text: string): ValueExpiry | undefined {
  const value = text.trim();
  const token = dateOf(jwtExpiry(value));
  if (token) return { at: token, source: "token" };
  const signature = dateOf(sasExpiry(value));
  if (signature) return { at: signature, source: "signature" };
  const key = dateOf(sshCertificateExpiry(value) ?? keyFileExpiry(value));
  return key ? { at: key, source: "key" } : undefined;
}

/** Any later date means that the value never expires. */
const latest = Date.UTC(2200, 0);
const earliest = Date.UTC(2000, 0);

/** Seconds or milliseconds since 1970, or an ISO text with a time zone or a day alone, as an ISO text. */
function dateOf(value: unknown): string | undefined {
  const number = typeof value === "string" && /^\d{10,13}$/.test(value) ? Number(value) : value;
  let ms = Number.NaN;
  if (typeof number === "number") ms = number < 100_000_000_000 ? number * 1000 : number;
  else if (typeof number === "string" && /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2}))?$/i.test(number))
    ms = Date.parse(number);
  return ms >= earliest && ms < latest ? new Date(ms).toISOString() : undefined;
}

function jwtExpiry(text: string): unknown {
  const [, header = "", payload = ""] = /^(?:Bearer )?([\w-]+)\.([\w-]+)\.[\w-]*$/.exec(text) ?? [];
  if (header === "" || member(parsed(decoded(header)), "alg") === undefined) return undefined;
  return member(parsed(decoded(payload)), "exp");
}

/** learn.microsoft.com/rest/api/storageservices/create-service-sas: `se` is the signed expiry, `sig` the signature. */
function sasExpiry(text: string): unknown {
  if (!/(^|[?&=])sig=/.test(text)) return undefined;
  const [, expiry = ""] = /(?:^|[?&=])se=([^&;\s]+)/.exec(text) ?? [];
  try {
    return decodeURIComponent(expiry);
  } catch {
    return undefined;
  }
}

/** How many strings the public key of a certificate has after its nonce (PROTOCOL.certkeys of OpenSSH). */
const keyParts: Readonly<Record<string, number>> = {
  "ssh-rsa": 2,
  "ssh-ed25519": 1,
  "ecdsa-sha2-nistp256": 2,
  "ecdsa-sha2-nistp384": 2,
  "ecdsa-sha2-nistp521": 2,
};

function sshCertificateExpiry(text: string): unknown {
  const [, type = "", data = ""] =
    /^([a-z0-9-]+)-cert-v01@openssh\.com ([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(text) ?? [];
  const parts = keyParts[type];
  if (parts === undefined) return undefined;
  const bytes = Uint8Array.from(decoded(data), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  const skip = () => {
    at += 4 + view.getUint32(at);
  };
  try {
    // Type, nonce and public key; then serial, kind, key id, principals and the start of the validity.
    for (let left = 2 + parts; left > 0; left -= 1) skip();
    at += 8 + 4;
    skip();
    skip();
    return Number(view.getBigUint64(at + 8));
  } catch {
    // The text is cut off.
    return undefined;
  }
}

const expiryNames = ["expiresAt", "expires_at", "expiry", "expiration", "Expiration", "expiryDate", "exp"];

/** Keys and credentials that programs store as JSON, such as those of AWS's STS and Google's token files. */
function keyFileExpiry(text: string): unknown {
  if (!text.startsWith("{")) return undefined;
  const file = parsed(text);
  // The date is then that of a short access token, which the file renews itself.
  if (member(file, "refresh_token") !== undefined) return undefined;
  const inner = member(file, "Credentials");
  return [file, inner]
    .flatMap((one) => expiryNames.map((name) => member(one, name)))
    .find((value) => dateOf(value) !== undefined);
}

function decoded(base64: string): string {
  try {
    return atob(base64.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return "";
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
