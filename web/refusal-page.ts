import { barePage } from "@/web/bare-page";

const titles: Readonly<Record<number, string>> = {
  403: "Request refused",
  404: "Not found",
  413: "Request too large",
  421: "Wrong address",
  429: "Too many requests",
  500: "This page could not be loaded",
};

/**
 * The page that a browser shows for a request that web refuses. `message` must be one of our own sentences.
 */
export function refusalPage(status: number, message: string): { html: string; policy: string } {
  return barePage({
    title: titles[status] ?? "This request is not valid",
    text: message,
    // On a 421 the link would lead to the same wrong host, and be refused again.
    ...(status !== 421 && { link: { href: "/metadata", label: "Go to Metadata" } }),
  });
}
