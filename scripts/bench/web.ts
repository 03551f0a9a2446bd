import { build, builds, isFresh } from "@/launcher/build.mjs";
import { freePort } from "@/launcher/embedded-postgres.mjs";
import { startProgram, waitUntilReady } from "@/launcher/programs.mjs";
import type { createTestKeys } from "@/testing/keys";

/** Web's production build, rebuilt first if it is stale. */
export async function startWeb(
  { web }: Awaited<ReturnType<typeof createTestKeys>>,
  given: { webUrl: string; automateUrl: string; log: string; nodeOptions: string[] },
) {
  if (!(await isFresh(builds.start))) await build(builds.start);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const program = await startProgram("web", {
    file: `${builds.start.dist}/web.mjs`,
    env: {
      PATH: process.env.PATH ?? "",
      NODE_ENV: "production",
      ...web,
      WEB_DATABASE_URL: given.webUrl,
      AUTOMATE_URL: given.automateUrl,
      PUBLIC_URL: url,
      PORT: String(port),
      NEXT_DIST_DIR: builds.start.next,
      NEXT_TELEMETRY_DISABLED: "1",
      // One access token sends everything, faster than one person may.
      WEB_RATE_PER_MINUTE: "10000000",
      WEB_TOKEN_RATE_PER_MINUTE: "10000000",
      WEB_CONCURRENCY: "1000",
      // Near a limit, writes of a fabric count its secrets one after another.
      QUOTA_SECRETS_PER_FABRIC: "1000000",
    },
    log: given.log,
    nodeOptions: given.nodeOptions,
  });
  await waitUntilReady(program, { port, path: "/sign-in" });
  return { ...program, url };
}
