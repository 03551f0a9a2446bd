import { barePage } from "@/web/bare-page";

const titles: Readonly<Record<number, string>> = {
  403: "This was refused",
  404: "Not found",
  413: "This is too large",
  421: "Wrong address",
  429: "Too many requests",
  500: "This page did not load",
};

/** What a browser shows that goes to an address which web's front door refuses. `message` is a sentence of ours. */
export function refusalPage(status: number, message: string): { html: string; policy: string } {
  return barePage({
    title: titles[status] ?? "This address does not work",
    words: message,
    // At another name of this server the link would be refused, too.
    ...(status !== 421 && { link: { href: "/metadata", label: "Go to Metadata" } }),
  });
}
