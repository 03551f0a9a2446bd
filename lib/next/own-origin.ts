const loopback = ["localhost", "127.0.0.1", "[::1]"];

/** True for the origin of PUBLIC_URL. If that is on loopback, the other loopback names count too. */
export function isOwnOrigin(origin: string, publicUrl: string): boolean {
  const ownUrl = new URL(publicUrl);
  if (origin === ownUrl.origin) return true;
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  return (
    url?.origin === origin &&
    url.protocol === ownUrl.protocol &&
    url.port === ownUrl.port &&
    loopback.includes(ownUrl.hostname) &&
    loopback.includes(url.hostname)
  );
}

/** True for a path, or a URL of web's own origin. Only there may next-auth redirect a browser. */
export function isOwnUrl(url: string, publicUrl: string): boolean {
  const base = url.startsWith("/") ? publicUrl : undefined;
  return URL.canParse(url, base) && isOwnOrigin(new URL(url, base).origin, publicUrl);
}

type Site = { origin?: string | null | undefined; site?: string | null | undefined };

/**
 * True when web's own page sent this request, by `Origin`, or by `Sec-Fetch-Site` if `Origin` is absent.
 * Prevents CSRF.
 */
export function isFromOwnPage({ origin, site }: Site, publicUrl: string): boolean {
  if (site && site !== "same-origin") return false;
  return origin ? isOwnOrigin(origin, publicUrl) : site === "same-origin";
}
