import { expect, test } from "vitest";
import { isFromOwnPage, isOwnOrigin, isOwnUrl } from "@/lib/next/own-origin";

const https = "https://selvage.example";
const local = "http://localhost:4520";

test.each([
  [https, "https://selvage.example", true],
  [https, "http://selvage.example", false],
  [https, "https://selvage.example:8443", false],
  [https, "https://selvage.example.evil.example", false],
  [https, "null", false],
  [local, "http://127.0.0.1:4520", true],
  [local, "http://[::1]:4520", true],
  [local, "https://127.0.0.1:4520", false],
  [local, "http://127.0.0.1:4521", false],
  [local, "http://localhost:4520.evil.example", false],
  [local, "http://localhost.evil.example:4520", false],
  [local, "http://localhost:4520/", false],
])("at %s the origin %s is ours: %s", (publicUrl, origin, isOurs) => {
  expect(isOwnOrigin(origin, publicUrl)).toBe(isOurs);
});

test.each([
  ["/metadata", true],
  ["/metadata?next=https://evil.example", true],
  ["http://localhost:4520/metadata", true],
  ["http://127.0.0.1:4520/", true],
  ["//evil.example", false],
  ["/\\evil.example", false],
  ["\\\\evil.example", false],
  ["/\t/evil.example", false],
  ["http://localhost:4520@evil.example/", false],
  ["http://localhost:4520.evil.example", false],
  ["http://localhost:45200/", false],
  ["https://evil.example/", false],
  ["javascript:alert(1)", false],
  ["data:text/html,x", false],
  ["metadata", false],
  ["", false],
])("next-auth may send a browser to %j: %s", (url, isOurs) => {
  expect(isOwnUrl(url, local)).toBe(isOurs);
});

test.each([
  [{ origin: local, site: "same-origin" }, true],
  [{ origin: local }, true],
  [{ site: "same-origin" }, true],
  [{ origin: local, site: "cross-site" }, false],
  [{ origin: "https://evil.example", site: "same-origin" }, false],
  [{ origin: "null" }, false],
  [{ site: "same-site" }, false],
  [{ site: "none" }, false],
  [{}, false],
])("%j comes from our own page: %s", (headers, isOurs) => {
  expect(isFromOwnPage(headers, local)).toBe(isOurs);
});
