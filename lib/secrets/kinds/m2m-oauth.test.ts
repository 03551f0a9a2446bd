import { expect, test } from "vitest";
import { m2mOauth } from "@/lib/secrets/kinds/m2m-oauth";

const authUrl = m2mOauth.fields.authUrl.schema;

test.each([
  "https://idp.example.com/oauth2/token",
  "https://idp.example.com:8443/token?tenant=1",
  "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token",
  "http://127.0.0.1:8080/token",
  "http://[::1]:8080/token",
])("the Auth URL %s is a token endpoint", (address) => {
  expect(authUrl.safeParse(address).success).toBe(true);
});

test.each([
  "http://idp.example.com/token",
  "https://user:x@idp.example.com/token",
  "https://@idp.example.com/token",
  "https://idp.example.com\\@evil.example/token",
  "https://idp.example.com;x=evil.example/token",
  "https://idp.example.com,evil.example/token",
  "https://(evil.example)/token",
  "https://010.0.0.1/token",
  "https://0x7f.1/token",
  "https://%65vil.example/token",
  "https://idp.example.com/to ken",
  "https://idp.example.com/token#x",
  "idp.example.com/token",
])("the Auth URL %s is refused", (address) => {
  expect(authUrl.safeParse(address).success).toBe(false);
});
