import type { Unready } from "@/lib/health/readiness";
import { barePage } from "@/web/bare-page";

const pages: Record<
  Exclude<Unready, null | "database_slow"> | "starting" | "stopping",
  { title: string; words: string }
> = {
  database_unavailable: {
    title: "The database is not available",
    words: "Selvage can show no page without it.",
  },
  rights_missing: {
    title: "Selvage is being set up",
    words: "Its database has not been migrated to this version yet.",
  },
  program_too_old: {
    title: "A newer version is taking over",
    words: "This copy of Selvage is older than its database and serves no pages.",
  },
  starting: { title: "Selvage is starting", words: "It is waiting for its database." },
  stopping: { title: "Selvage is restarting", words: "This copy is stopping." },
};

export function titleOf(why: keyof typeof pages): string {
  return pages[why].title;
}

/** Seconds until a client should retry. The page itself retries at this interval, too. */
export const retrySeconds = 3;

/**
 * Polls in the background and reloads once the server answers. Reloading every few seconds would lose the
 * focus and a screen reader's position.
 */
const script = `
const look = async () => {
  const options = { method: "HEAD", headers: { accept: "text/html" }, cache: "no-store", redirect: "manual" };
  const { status } = await fetch(location.href, options).catch(() => ({ status: 503 }));
  if (status < 500) location.reload();
  else setTimeout(look, ${retrySeconds * 1000});
};
setTimeout(look, ${retrySeconds * 1000});
document.querySelector("p").append(" This page opens when Selvage is back.");
`;

/** The page that a browser shows while Selvage cannot serve pages. */
export function awayPage(why: keyof typeof pages): { html: string; policy: string } {
  return barePage({ ...pages[why], link: { href: "", label: "Try again" }, script });
}
