import { barePage } from "@/web/bare-page";

const titles: Readonly<Record<number, string>> = {
  403: "This was refused",
  404: "Not found",
  413: "This is too large",
  421: "Wrong address",
  429: "Too many requests",
  500: "This page did not load",
};

/**
 * The page that a browser shows for a request that web refuses. `message` must be one of our own sentences.
 */
export function refusalPage(status: number, message: string): { html: string; policy: string } {
  return barePage({
    title: titles[status] ?? "This address does not work",
    words: message,
    // On a 421 the link would lead to the same wrong host, and be refused again.
    ...(status !== 421 && { link: { href: "/metadata", label: "Go to Metadata" } }),
  });
}
