import type { Dispatcher } from "undici";
import { CheckFailure, errorProperty } from "@/worker/check";
import { sharedVerification } from "@/worker/clients/certificates";
import { loadUndici } from "@/worker/clients/undici";
import { networkFault } from "@/worker/egress/socket-faults";

/** The most bytes that a check reads of one answer. */
export const maxAnswerBytes = 262_144;

export type Call = {
  method?: "GET" | "POST" | "HEAD";
  headers?: Record<string, string>;
  /** A form or JSON text. It determines the content type unless `headers` names one. */
  body?: URLSearchParams | string;
  /** The service refuses with status 500, as SOAP does. The check interprets the answer. */
  refusesBy500?: true;
};

/** A complete answer. `json` is undefined if it is not JSON. The text is compared, never passed on. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly json: unknown;
  /** A web page instead of an API answer: from a proxy or a sign-in page. */
  readonly isPage: boolean;
};

export type HttpClient = (url: string | URL, call?: Call) => Promise<Answer>;

/**
 * Creates a client for HTTPS services. It follows no redirect and reads at most 256 KiB.
 *
 * Throws a finding for failures that are common to all services: a proxy, a page, a rate limit, a server
 * error. `field` is the field that holds the address.
 */
export async function createHttpClient(
  field: string,
  caCertificate?: string | Uint8Array,
): Promise<HttpClient> {
  const { Agent, request } = await loadUndici();
  // The pool's timeout ends a slow check at its current step.
  const dispatcher = new Agent({
    connect: { ...sharedVerification("verify-full", caCertificate), timeout: 0 },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return async (url, { method = "GET", headers = {}, body, refusesBy500 } = {}) => {
    const isForm = body instanceof URLSearchParams;
    const type = isForm ? "application/x-www-form-urlencoded" : "application/json";
    const response = await request(url, {
      method,
      headers: {
        accept: "application/json",
        "user-agent": "selvage-check",
        ...(body !== undefined && { "content-type": type }),
        ...headers,
      },
      ...(body !== undefined && { body: isForm ? body.toString() : body }),
      dispatcher,
    });
    const answer = await readAnswer(response, field);
    if (!(refusesBy500 && answer.status === 500)) refuseCommonFailures(answer, field);
    return answer;
  };
}

async function readAnswer(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  field: string,
): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxAnswerBytes) throw new CheckFailure("answer_too_large", field);
    chunks.push(bytes);
  }
  const headerEntries = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    String(value ?? ""),
  ]);
  const headersByName = Object.fromEntries(headerEntries);
  const text = Buffer.concat(chunks).toString("utf8");
  return {
    status: statusCode,
    headers: headersByName,
    text,
    json: parseJson(text),
    isPage: (headersByName["content-type"] ?? "").includes("text/html"),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuseCommonFailures({ status, isPage }: Answer, field: string): void {
  const facts = { status: String(status) };
  if (status === 407) throw new CheckFailure("proxy_in_the_way", field, facts);
  if (status === 429) throw new CheckFailure("rate_limited", undefined, facts);
  if (status >= 500) throw new CheckFailure("server_error", undefined, facts);
  if (status >= 300 && status < 400) throw new CheckFailure("redirected", field, facts);
  if (isPage) throw new CheckFailure("unexpected_answer", field, facts);
}

/** Maps an error of the HTTP client to a finding; null when it is unknown. */
export function explainHttp(error: unknown, field: string): CheckFailure | null {
  const code = errorProperty(error, "code");
  if (errorProperty(error, "name") === "HTTPParserError" || code === "UND_ERR_HEADERS_OVERFLOW")
    return new CheckFailure("wrong_protocol", field);
  if (code === "UND_ERR_SOCKET") return new CheckFailure("connection_closed", field);
  const fault = networkFault(error);
  return fault === null ? null : new CheckFailure(fault, field);
}

/** Returns the text at a path of an answer's JSON, or an empty string. */
export function textAt(json: unknown, ...path: (string | number)[]): string {
  const value = at(json, ...path);
  return typeof value === "string" ? value : "";
}

/** Returns the value at a path of an answer's JSON, or undefined. */
export function at(json: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    json,
  );
}

/** Header values must be visible ASCII. A trailing line break is the usual fault of secrets pasted from files. */
export function requireHeaderValue(value: string, field: string): string {
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value))
    throw new CheckFailure("secret_malformed", field);
  return value;
}

/**
 * Requires a single line of text without control characters, in any script. A trailing line break is the
 * usual fault of secrets pasted from files.
 */
export function requireSingleLine(value: string, field: string): string {
  if (value === "" || value.trim() !== value || /[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(value))
    throw new CheckFailure("secret_malformed", field);
  return value;
}

/** Returns a property that the form requires. Throws `misconfigured` when it is missing. */
export function requireProperty<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new CheckFailure("misconfigured", field);
  return value;
}
