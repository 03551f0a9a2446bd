import "server-only";
import { headers } from "next/headers";
import { webEnv } from "@/lib/env";

const home = "/metadata";

/** Where to sign in, and come back to the page of this request. */
export async function signInPath(): Promise<string> {
  const path = ownPath((await headers()).get("x-path") ?? undefined);
  return path === home ? "/sign-in" : `/sign-in?${new URLSearchParams({ callbackUrl: path })}`;
}

/** The path that a `callbackUrl` names on our own origin; home for any other, and for none. */
export function ownPath(callbackUrl: string | undefined): string {
  const { origin } = new URL(webEnv().PUBLIC_URL);
  const url = callbackUrl && URL.canParse(callbackUrl, origin) ? new URL(callbackUrl, origin) : undefined;
  if (url?.origin !== origin || url.pathname === "/") return home;
  url.searchParams.delete("_rsc");
  // A path of "//host" would be another origin to whoever is sent there.
  return `/${url.pathname.replace(/^\/+/, "")}${url.search}`;
}
