import { randomBytes } from "node:crypto";
import type { Unready } from "@/lib/health/readiness";

type Page = { title: string; words: string };

const pages: Record<Exclude<Unready, null | "database_slow"> | "starting" | "stopping", Page> = {
  database_unavailable: {
    title: "The database is not available",
    words: "Selvage can show nothing until it is.",
  },
  rights_missing: {
    title: "Selvage is being set up",
    words: "Its database was not migrated for this version yet.",
  },
  program_too_old: {
    title: "A newer version is taking over",
    words: "This copy of Selvage is too old for the database and does not serve any more.",
  },
  starting: { title: "Selvage is starting", words: "It waits for its database." },
  stopping: { title: "Selvage is restarting", words: "This copy is stopping." },
};

export function titleOf(why: keyof typeof pages): string {
  return pages[why].title;
}

/** After how many seconds the page tries again. */
export const retrySeconds = 3;

/** A page in our own look, without anything but itself: it needs neither Next nor the database. It loads again by itself. */
export function awayPage(why: keyof typeof pages): { html: string; policy: string } {
  const nonce = randomBytes(16).toString("base64");
  const { title, words } = pages[why];
  return {
    policy: `default-src 'none'; style-src 'nonce-${nonce}'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta http-equiv="refresh" content="${retrySeconds}">
<title>${title} · Selvage</title>
<link rel="icon" href="/favicon.svg">
<style nonce="${nonce}">
:root { --canvas: #f7f7fa; --surface: #ffffff; --line: #e6e6ec; --ink: #17171f; --muted: #595968; --accent: #4338ca; }
@media (prefers-color-scheme: dark) {
  :root { --canvas: #101015; --surface: #18181f; --line: #2a2a35; --ink: #ececf2; --muted: #a6a6b5; --accent: #a9acff; }
}
* { box-sizing: border-box; margin: 0; }
body { background: var(--canvas); color: var(--ink); font: 400 15px/1.5 "Inter Variable", system-ui, sans-serif; }
main { display: flex; flex-direction: column; align-items: center; min-height: 100dvh; padding: 2.5rem 1rem; }
@media (min-width: 48rem) { main { padding-top: 16vh; } }
.brand { display: inline-flex; align-items: center; gap: .625rem; font-weight: 600; font-size: 1.125rem; letter-spacing: -.025em; }
.card { width: 100%; max-width: 24rem; margin-top: 2rem; padding: 1.75rem; border: 1px solid var(--line); border-radius: .75rem; background: var(--surface); }
h1 { font-size: 1.25rem; line-height: 1.4; font-weight: 600; letter-spacing: -.025em; }
p { margin-top: .25rem; color: var(--muted); }
a { display: inline-block; margin-top: 1.25rem; color: var(--accent); font-weight: 500; }
</style>
</head>
<body>
<main>
<span class="brand"><svg aria-hidden="true" width="28" height="28" viewBox="0 0 32 32" fill="none"><rect width="32" height="32" rx="8" fill="#4f46e5"/><g stroke="#ffffff" stroke-width="3" stroke-linecap="round"><path d="M11.5 6.5v2M11.5 16v10"/><path d="M19 6.5v9M19 23v3"/><path d="M6 12.25h9.5M22.75 12.25a3.5 3.5 0 0 1 0 7H15.5M8 19.25H6"/></g></svg>Selvage</span>
<div class="card">
<h1>${title}</h1>
<p>${words}</p>
<p>This page tries again every ${retrySeconds} seconds.</p>
<a href="">Try again now</a>
</div>
</main>
</body>
</html>
`,
  };
}
