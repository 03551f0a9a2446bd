import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as z from "zod";
import { sessionCookie, startSession } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import type { Person } from "@/testing/tenant";

const manifest = z.object({
  node: z.record(
    z.string(),
    z.object({ exportedName: z.string(), workers: z.record(z.string(), z.unknown()) }),
  ),
});
const result = z.union([
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({
    ok: z.literal(false),
    code: z.string(),
    fieldErrors: z.record(z.string(), z.string()).optional(),
  }),
]);
export type ActionResult = z.infer<typeof result>;

/** The build folder that the stack's web serves. */
export function buildFolder(): string {
  return resolve(import.meta.dirname, "..", stack().webEnv.NEXT_DIST_DIR ?? ".next");
}

/**
 * Every server action of the build, by name: the id with which anyone can call it, the pages that contain it, and
 * the path of one of them.
 */
export function serverActions(): Map<string, { id: string; path: string; pages: string[] }> {
  const text = readFileSync(join(buildFolder(), "server/server-reference-manifest.json"), "utf8");
  const entries = Object.entries(manifest.parse(JSON.parse(text)).node);
  return new Map(
    entries.map(([id, { exportedName, workers }]) => {
      const pages = Object.keys(workers);
      const [worker = ""] = pages;
      const path = worker.replace(/^app|\/page$|\/\([^)]+\)/g, "").replace(/[[\]]/g, "_");
      return [exportedName, { id, path, pages }];
    }),
  );
}

/** The caller: a signed-in person, or a visitor without a session. */
export type Caller = { cookie?: string };

export async function callerOf(person: Person, options?: { minutesAgo?: number }): Promise<Caller> {
  return { cookie: `${sessionCookie}=${await startSession(person, options)}` };
}

/**
 * Calls a server action as a page does, without a page. Arguments must be JSON; a test that sends bytes uses
 * the browser.
 */
export async function callAction(
  { cookie }: Caller,
  name: string,
  args: readonly unknown[],
  webUrl = stack().webUrl,
): Promise<ActionResult> {
  const response = await sendAction({ ...(cookie ? { cookie } : {}) }, name, args, webUrl);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${name} answered ${response.status}: ${text.slice(0, 200)}`);
  // The answer is a React payload. Row 0 names the row with the returned value.
  const at = /^0:.*?"a":"\$@([0-9a-f]+)"/m.exec(text)?.[1];
  const row = new RegExp(`^${at}:(\\{.*\\})$`, "m").exec(text)?.[1];
  if (!row) throw new Error(`${name} returned no value: ${text.slice(0, 300)}`);
  return result.parse(JSON.parse(row));
}

/** The raw answer to a call of a server action. */
export function sendAction(
  headers: Record<string, string>,
  name: string,
  args: readonly unknown[],
  webUrl = stack().webUrl,
): Promise<Response> {
  const action = serverActions().get(name);
  if (!action) throw new Error(`There is no action ${name}.`);
  return fetch(new URL(action.path, webUrl), {
    method: "POST",
    redirect: "manual",
    headers: {
      "content-type": "text/plain;charset=UTF-8",
      accept: "text/x-component",
      origin: new URL(webUrl).origin,
      "next-action": action.id,
      ...headers,
    },
    body: JSON.stringify(args, escapeDollar),
  });
}

/** In React's wire format, a string that begins with a dollar sign is a reference. */
function escapeDollar(_key: string, value: unknown): unknown {
  return typeof value === "string" && value.startsWith("$") ? `$${value}` : value;
}

/** Creates an access token of a person through web's action, and returns it. */
export async function createAccessToken(caller: Caller, name = "scripts"): Promise<string> {
  const created = await callAction(caller, "createAccessTokenAction", [{ name, lifetime: "7" }]);
  const { token } = z.object({ token: z.string() }).parse(created.ok ? created.value : undefined);
  return token;
}
