import { expect, test } from "@/e2e/fixtures";
import { addCaller, migrateOther } from "@/e2e/other-database";
import { startWebCopy } from "@/e2e/program-copy";
import { startRestartablePostgres } from "@/testing/restartable-postgres";

const restarts = [...Array<"fast">(12).fill("fast"), ...Array<"killed">(4).fill("killed")];
test.setTimeout(60_000 + restarts.length * 20_000);

test("web survives a Postgres restart, answers 503, and serves within two seconds of its return", {
  tag: "@long",
}, async () => {
  const postgres = await startRestartablePostgres();
  const urls = await migrateOther(postgres.url, "restart");
  const { token } = await addCaller(postgres.url);
  const web = await startWebCopy("web-restarts", () => ({ WEB_DATABASE_URL: urls.web }));
  const list = async () => {
    const headers = { "x-auth-token": token };
    const response = await fetch(`${web.url}/api/orchestration/fabric`, { headers }).catch(() => null);
    await response?.arrayBuffer();
    return { status: response?.status, retryAfter: response?.headers.get("retry-after") };
  };
  try {
    expect(await list()).toMatchObject({ status: 200 });
    for (const how of restarts) {
      let isBack = false;
      const back = postgres.restart(how, 1000).finally(() => {
        isBack = true;
      });
      const meanwhile: Awaited<ReturnType<typeof list>>[] = [];
      while (!isBack) {
        meanwhile.push(await list());
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await back;
      await expect.poll(async () => (await list()).status, { timeout: 2000, intervals: [50] }).toBe(200);
      const away = meanwhile.filter(({ status }) => status !== 200);
      expect(away.length).toBeGreaterThan(0);
      for (const answer of away) expect(answer).toEqual({ status: 503, retryAfter: "2" });
      expect(() => process.kill(web.pid(), 0)).not.toThrow();
    }
  } finally {
    await web.stop();
    await postgres.remove();
  }
});
