import { describe, expect, test } from "vitest";
import { ownCookies, refuse } from "@/web/refuse-request";

const publicUrl = "http://localhost:4520";
const address = { hosts: new Set(["localhost:4520"]), publicUrl, isDev: false };

function judged(method: string, url: string, headers: Record<string, string> = {}) {
  const all = { host: "localhost:4520", ...headers };
  return refuse({ method, url, headers: all, rawHeaders: Object.entries(all).flat() }, address)?.status;
}

describe("methods", () => {
  // [path, allowed methods]
  const action = { "next-action": "00", origin: publicUrl };
  const all = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"];
  test.each([
    ["/", ["GET", "HEAD"]],
    ["/metadata?tab=x", ["GET", "HEAD"]],
    ["/join/abc", ["GET", "HEAD"]],
    ["/_next/static/chunks/a.js", ["GET", "HEAD"]],
    ["/api/openapi.json", ["GET", "HEAD", "POST"]],
    ["/api/app/fabrics/1/checks", ["GET", "HEAD", "POST"]],
    ["/api/orchestration/fabric", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]],
    ["/api/auth/csrf", ["GET"]],
    ["/api/auth/signin/oidc", ["GET", "POST"]],
    ["/api/auth/callback/oidc?code=x", ["GET"]],
    ["/api/auth/callback/password", ["POST"]],
    ["/api/auth/signout", ["GET", "POST"]],
    ["/api/auth/_log", []],
    ["/api/auth/constructor", []],
    ["/api/auth/signin/other", []],
    ["/api/auth", []],
    ["/_next/image?url=x", []],
    ["/_next/data/x.json", []],
  ])("of %s", (path, methods) => {
    expect(all.filter((method) => judged(method, path) === undefined)).toEqual(methods);
  });

  test("a page accepts a POST that calls a server action", () => {
    expect(judged("POST", "/metadata", action)).toBeUndefined();
    expect(judged("PUT", "/metadata", action)).toBe(405);
    expect(judged("POST", "/_next/static/a.js", action)).toBe(405);
  });
});

test.each([
  ["/join/%zz", 400],
  ["/%", 400],
  ["/%c3%28", 400],
  ["//evil.example/", 400],
  ["/\\evil.example/", 400],
  ["http://evil.example/", 400],
  ["http://localhost:4520/", 400],
  ["/x/../api/auth/signin", 400],
  ["/x/%2E%2e/_next/image?url=x", 400],
  ["/./api/auth/_log", 400],
  ["/_next/static/..", 400],
  ["/x\\..\\api/auth/_log", 400],
  ["/x#/../api", 400],
  ["/join/..a/.well-known?q=/../", undefined],
  ["*", 400],
  ["", 400],
  ["/join/%C3%A4", undefined],
  ["/join/a%2Fb", undefined],
  ["/metadata?q=%zz", undefined],
])("web answers the target %j with %s", (url, status) => {
  expect(judged("GET", url)).toBe(status);
});

test.each([
  [{ "sec-fetch-site": "cross-site" }, 403],
  [{ "sec-fetch-site": "same-site" }, 403],
  [{ "sec-fetch-site": "same-origin" }, undefined],
  [{}, undefined],
])("web answers a sign-out with %j with %s", (headers, status) => {
  expect(judged("POST", "/api/auth/signout", headers)).toBe(status);
  expect(judged("GET", "/metadata", headers), "links from elsewhere work").toBeUndefined();
});

test.each([
  [{ "sec-fetch-site": "cross-site" }, 403],
  [{ "sec-fetch-site": "same-site", origin: publicUrl }, 403],
  [{ "sec-fetch-site": "none" }, 403],
  [{ "sec-fetch-site": "same-origin" }, undefined],
  [{ origin: "https://evil.example" }, 403],
  [{}, 403],
])("web answers a server action with %j with %s", (headers, status) => {
  expect(judged("POST", "/metadata", { "next-action": "00", ...headers })).toBe(status);
});

test.each([
  ["callbackUrl=https%3A%2F%2Fevil.example%2F", 400],
  ["callbackUrl=/metadata&callbackUrl=//evil.example", 400],
  ["callbackUrl=%2Fmetadata", undefined],
  ["", undefined],
])("web answers next-auth with ?%s with %s", (query, status) => {
  expect(judged("GET", `/api/auth/csrf?${query}`)).toBe(status);
});

test("web removes a return address on another origin from the cookies", () => {
  const [good, bad] = [
    "next-auth.callback-url=%2Fmetadata",
    "next-auth.callback-url=http%3A%2F%2Flocalhost%3A4520.evil",
  ];
  expect(ownCookies(`a=1; ${good}; b=2`, publicUrl)).toBe(`a=1; ${good}; b=2`);
  expect(ownCookies(`a=1; ${bad}; __Host-${bad}; b=2`, publicUrl)).toBe("a=1; b=2");
  expect(ownCookies("next-auth.callback-url=%zz", publicUrl)).toBe("");
});
