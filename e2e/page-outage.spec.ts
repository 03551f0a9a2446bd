import pg from "pg";
import { expect, test } from "@/e2e/fixtures";
import { startWebCopy } from "@/e2e/program-copy";
import { stack } from "@/testing/stack-address";
import { openWire } from "@/testing/wire";

test("a page that loses its database while rendering answers 503 with the page that polls for it", {
  tag: "@long",
}, async () => {
  const { webEnv, databaseUrl } = stack();
  const wire = await openWire(webEnv.WEB_DATABASE_URL ?? "");
  const web = await startWebCopy("web-outage", () => ({ WEB_DATABASE_URL: wire.url }));
  // A transaction sees the activity of other sessions as of its first look.
  const [owner, watcher] = [1, 2].map(() => new pg.Client({ connectionString: databaseUrl })) as [
    pg.Client,
    pg.Client,
  ];
  await Promise.all([owner.connect(), watcher.connect()]);
  try {
    await owner.query("BEGIN; LOCK TABLE invitation IN ACCESS EXCLUSIVE MODE");
    const pending = fetch(`${web.url}/join/${"A".repeat(43)}`, { headers: { accept: "text/html" } });
    await expect
      .poll(
        async () => {
          const waiting = await watcher.query(
            `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%"invitation"%'`,
          );
          return waiting.rowCount;
        },
        { timeout: 10_000 },
      )
      .toBe(1);
    wire.reset();
    const answer = await pending;
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "3"]);
    expect(await answer.text()).toContain("The database is not available");
  } finally {
    await owner.query("ROLLBACK");
    await Promise.all([owner.end(), watcher.end()]);
    await web.stop();
    await wire.close();
  }
});
