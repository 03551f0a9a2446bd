import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";

export type BarePage = {
  title: string;
  text: string;
  link?: { href: string; label: string };
  script?: string;
};

/** True when a browser navigates to an address; false for fetches by our pages and for scripts. */
export function wantsPage({ headers }: Pick<IncomingMessage, "headers">): boolean {
  return /text\/html/.test(headers.accept ?? "") && headers.rsc === undefined;
}

/**
 * A self-contained page in Selvage's look, served without Next or the database. Its parts are trusted HTML:
 * our own texts only.
 */
export function barePage({ title, text, link, script }: BarePage): { html: string; policy: string } {
  const nonce = randomBytes(16).toString("base64");
  return {
    policy: [
      "default-src 'none'",
      `style-src 'nonce-${nonce}'`,
      ...(script ? [`script-src 'nonce-${nonce}'`, "connect-src 'self'"] : []),
      "img-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
    html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · Selvage</title>
<link rel="icon" href="/favicon.svg">
<style nonce="${nonce}">
:root { --canvas: #f7f7fa; --surface: #ffffff; --line: #e6e6ec; --ink: #17171f; --muted: #595968; --accent: #4f46e5; --ring: #4f46e5; }
@media (prefers-color-scheme: dark) {
  :root { --canvas: #101015; --surface: #18181f; --line: #2a2a35; --ink: #ececf2; --muted: #a6a6b5; --accent: #5b54e6; --ring: #8f92ff; }
}
* { box-sizing: border-box; margin: 0; }
body { background: var(--canvas); color: var(--ink); font: 400 .875rem/1.375rem "Inter Variable", ui-sans-serif, system-ui, sans-serif; -webkit-font-smoothing: antialiased; }
main { display: flex; flex-direction: column; align-items: center; min-height: 100dvh; padding: 2.5rem 1rem; }
.brand { display: inline-flex; align-items: center; gap: .625rem; font-weight: 600; font-size: 1.125rem; letter-spacing: -.025em; }
.card { width: 100%; max-width: 24rem; margin-top: 2rem; padding: 1.5rem; border: 1px solid var(--line); border-radius: .875rem; background: var(--surface); box-shadow: 0 1px 2px rgb(16 16 32 / 5%); }
@media (min-width: 48rem) { main { padding-top: 16vh; } .card { padding: 2rem; } }
h1 { font-size: 1.25rem; line-height: 1.75rem; font-weight: 600; letter-spacing: -.025em; }
p { margin-top: .25rem; color: var(--muted); }
a { display: inline-flex; align-items: center; height: 2.25rem; margin-top: 1.5rem; padding: 0 .875rem; border-radius: .4375rem; background: var(--accent); color: #ffffff; font-weight: 500; text-decoration: none; }
a:focus-visible { outline: 2px solid var(--ring); outline-offset: 2px; }
</style>
</head>
<body>
<main>
<span class="brand"><svg aria-hidden="true" width="28" height="28" viewBox="0 0 32 32" fill="none"><rect width="32" height="32" rx="8" fill="#4f46e5"/><g stroke="#ffffff" stroke-width="3" stroke-linecap="round"><path d="M11.5 6.5v2M11.5 16v10"/><path d="M19 6.5v9M19 23v3"/><path d="M6 12.25h9.5M22.75 12.25a3.5 3.5 0 0 1 0 7H15.5M8 19.25H6"/></g></svg>Selvage</span>
<div class="card">
<h1>${title}</h1>
<p>${text}</p>
${link ? `<a href="${link.href}">${link.label}</a>` : ""}
</div>
</main>
${script ? `<script nonce="${nonce}">${script}</script>` : ""}
</body>
</html>
`,
  };
}
