import { createAccessToken } from "@/lib/access-tokens/mutations";
import type { Actor } from "@/lib/actor";
import { closeDb, createDb } from "@/lib/db/client";
import { createTestAutomates } from "@/testing/automate";
import { createTestDatabase } from "@/testing/database";
import { createTestKeys } from "@/testing/keys";

/** Makes this process web, with a database and an automate of its own. Call `stop` after the tests. */
export async function startWebWithAutomate() {
  const keys = await createTestKeys();
  const urls = await createTestDatabase("web");
  const automates = createTestAutomates(() => ({
    ...keys.automate,
    AUTOMATE_DATABASE_URL: urls.automateUrl,
  }));
  const { url: automateUrl, internalUrl } = await automates.start();
  Object.assign(process.env, keys.web, keys.automate, { AUTOMATE_URL: internalUrl });
  const owner = createDb(urls.ownerUrl);
  return {
    urls,
    owner,
    automateUrl,
    async stop(): Promise<void> {
      automates.stopAll();
      await owner.$disconnect();
      await closeDb();
    },
  };
}

/** A new access token of a person. */
export async function accessTokenOf(person: Actor & { kind: "user" }): Promise<string> {
  const created = await createAccessToken(person, { name: "scripts", lifetime: "30" });
  if (!created.ok) throw new Error("No token.");
  return created.value.token;
}
