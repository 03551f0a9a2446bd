import type { Dispatcher } from "undici";
import { CheckFailure, errorProperty } from "@/worker/check";
import { sharedVerification } from "@/worker/clients/certificates";
import { networkFault } from "@/worker/egress/socket-faults";

/** No answer to the question of a check is longer. */
export const maxAnswerBytes = 262_144;

export type Call = {
  method?: "GET" | "POST" | "HEAD";
  headers?: Record<string, string>;
  /** A form or JSON text; the content type follows from it unless `headers` names one. */
  body?: URLSearchParams | string;
  /** The service tells its refusals by status 500, as SOAP does: what it means is for the check to say. */
  refusesBy500?: true;
};

/** An answer, read to its end. `json` is undefined where it is none; the text is compared, never passed on. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly json: unknown;
  /** A web page where an API was expected: a proxy or a sign-in page. */
  readonly isPage: boolean;
};

export type HttpClient = (url: string | URL, call?: Call) => Promise<Answer>;

export const loadHttp = () => import("undici");

/**
 * Calls HTTPS services. It follows no redirect, reads at most 256 KiB, and throws a finding for what no service answers
 * by itself: a proxy, a page, too many requests, an error of the server. `field` is where the address is corrected.
 */
export async function createHttpClient(
  field: string,
  caCertificate?: string | Uint8Array,
): Promise<HttpClient> {
  const { Agent, request } = await loadHttp();
  // The pool stops what takes too long, at the step where it does.
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
    if (!(refusesBy500 && answer.status === 500)) refuseStrangers(answer, field);
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
  const flat = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value ?? "")]);
  const named = Object.fromEntries(flat);
  const text = Buffer.concat(chunks).toString("utf8");
  return {
    status: statusCode,
    headers: named,
    text,
    json: parsed(text),
    isPage: (named["content-type"] ?? "").includes("text/html"),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuseStrangers({ status, isPage }: Answer, field: string): void {
  const facts = { status: String(status) };
  if (status === 407) throw new CheckFailure("proxy_in_the_way", field, facts);
  if (status === 429) throw new CheckFailure("rate_limited", undefined, facts);
  if (status >= 500) throw new CheckFailure("server_error", undefined, facts);
  if (status >= 300 && status < 400) throw new CheckFailure("redirected", field, facts);
  if (isPage) throw new CheckFailure("unexpected_answer", field, facts);
}

/** What an error of the HTTP client means; null when it is not known. */
export function explainHttp(error: unknown, field: string): CheckFailure | null {
  const code = errorProperty(error, "code");
  if (errorProperty(error, "name") === "HTTPParserError" || code === "UND_ERR_HEADERS_OVERFLOW")
    return new CheckFailure("wrong_protocol", field);
  if (code === "UND_ERR_SOCKET") return new CheckFailure("connection_closed", field);
  const fault = networkFault(error);
  return fault === null ? null : new CheckFailure(fault, field);
}

/** A member of an answer's JSON by its path, where it is text; empty where it is not. */
export function textAt(json: unknown, ...path: (string | number)[]): string {
  const value = at(json, ...path);
  return typeof value === "string" ? value : "";
}

/** A member of an answer's JSON by its path; undefined where there is none. */
export function at(json: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    json,
  );
}

/** Header values are visible ASCII here; a line break at the end is how secrets from files fail. */
export function sendable(value: string, field: string): string {
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value))
    throw new CheckFailure("secret_malformed", field);
  return value;
}

/** One line of a text that JSON or XML carries, in any script; a line break at the end is how secrets from files fail. */
export function oneLine(value: string, field: string): string {
  if (value === "" || value.trim() !== value || /[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(value))
    throw new CheckFailure("secret_malformed", field);
  return value;
}

/** A property that its form requires here; a check that lacks it was set up wrongly. */
export function given<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new CheckFailure("misconfigured", field);
  return value;
}
