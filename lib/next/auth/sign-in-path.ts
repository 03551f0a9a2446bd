import "server-only";
import { headers } from "next/headers";
import { webEnv } from "@/lib/env";

const home = "/metadata";

/** The sign-in path that leads back to this request's page. */
export async function signInPath(): Promise<string> {
  const path = ownPath((await headers()).get("x-path") ?? undefined);
  return path === home ? "/sign-in" : `/sign-in?${new URLSearchParams({ callbackUrl: path })}`;
}

/**
 * Returns the path of a `callbackUrl` on this origin. Returns the home page for any other URL, to prevent an
 * open redirect.
 */
export function ownPath(callbackUrl: string | undefined): string {
  const { origin } = new URL(webEnv().PUBLIC_URL);
  const url = callbackUrl && URL.canParse(callbackUrl, origin) ? new URL(callbackUrl, origin) : undefined;
  if (url?.origin !== origin || url.pathname === "/") return home;
  url.searchParams.delete("_rsc");
  // Browsers treat a path like "//host" as another origin: an open redirect.
  return `/${url.pathname.replace(/^\/+/, "")}${url.search}`;
}
