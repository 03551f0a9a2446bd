import type { Unready } from "@/lib/health/readiness";
import { barePage } from "@/web/bare-page";

const pages: Record<
  Exclude<Unready, null | "database_slow"> | "starting" | "stopping" | "busy",
  { title: string; text: string }
> = {
  database_unavailable: {
    title: "The database is not available",
    text: "Selvage cannot show pages without it.",
  },
  rights_missing: {
    title: "Selvage is being set up",
    text: "Its database has not been migrated to this version yet.",
  },
  program_too_old: {
    title: "Selvage is being upgraded",
    text: "This copy of Selvage is older than its database, so it serves no pages.",
  },
  starting: { title: "Selvage is starting", text: "It is waiting for its database." },
  busy: { title: "Selvage is busy", text: "Too many lists and searches are in progress." },
  stopping: { title: "Selvage is restarting", text: "This copy is stopping." },
};

export function titleOf(reason: keyof typeof pages): string {
  return pages[reason].title;
}

/** Seconds until a client should retry. The page itself retries at this interval, too. */
export const retrySeconds = 3;

/**
 * Polls in the background and reloads once the server answers. Reloading every few seconds would lose the
 * focus and a screen reader's position.
 */
const script = `
const poll = async () => {
  const options = { method: "HEAD", headers: { accept: "text/html" }, cache: "no-store", redirect: "manual" };
  const { status } = await fetch(location.href, options).catch(() => ({ status: 503 }));
  if (status < 500) location.reload();
  else setTimeout(poll, ${retrySeconds * 1000});
};
setTimeout(poll, ${retrySeconds * 1000});
document.querySelector("p").append(" This page opens when Selvage is available again.");
`;

/** The page that a browser shows while Selvage cannot serve pages. */
export function outagePage(reason: keyof typeof pages): { html: string; policy: string } {
  return barePage({ ...pages[reason], link: { href: "", label: "Try again" }, script });
}
