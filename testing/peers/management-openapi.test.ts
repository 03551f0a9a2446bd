import http from "node:http";
import { expect, test } from "vitest";
import { createAccessToken } from "@/lib/access-tokens/mutations";
import { closeDb, createDb } from "@/lib/db/client";
import { createTestAutomates } from "@/testing/automate";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { probe } from "@/testing/peers/schemathesis";
import { listen } from "@/testing/servers/listening";
import { createManagementApi } from "@/web/management-api/app";
import { openApiDocument } from "@/web/management-api/openapi";

const valid = `["2xx", "400", "401", "403", "404", "409", "412", "422", "429", "5xx"]`;

/** Tells schemathesis which objects exist, and the rules that the document cannot express. */
const places = (fabricId: string) => `
# A cursor is valid only for the list that returned it.
[parameters]
"query.after" = ""
"query.before" = ""
[[operations]]
include-path-regex = "fabric/.fabricId./.+"
parameters = { "path.fabricId" = "${fabricId}", "query.after" = "", "query.before" = "" }
# Properties of a kind depend on each other, a reference names a secret that exists, an Auth URL uses https. An import
# limits the sum of two lists.
[[operations]]
include-path-regex = "(/connection|/secret|/import$|orchestration/fabric$)"
checks = { positive_data_acceptance = { expected-statuses = ${valid} } }
# The documented API answers 500 if the name of a fabric exists.
[[operations]]
include-path-regex = "orchestration/fabric(/.fabricId.)?$"
checks = { positive_data_acceptance = { expected-statuses = ${valid} }, not_a_server_error = { expected-statuses = ["2xx", "3xx", "4xx", "500"] } }
`;

test("the management API is as its document says", async () => {
  const keys = await createTestKeys();
  const urls = await createTestDatabase("web");
  const automates = createTestAutomates(() => ({
    ...keys.automate,
    AUTOMATE_DATABASE_URL: urls.automateUrl,
  }));
  const { internalUrl } = await automates.start();
  Object.assign(process.env, keys.web, keys.automate, { AUTOMATE_URL: internalUrl });
  const owner = createDb(urls.ownerUrl);
  const fabric = await createTestFabric(owner, "ours");
  await owner.team.update({ where: { id: fabric.teamId }, data: { name: "devTeam", nameKey: "devteam" } });
  const made = await createAccessToken(fabric.admin, { name: "scripts", lifetime: "30" });
  if (!made.ok) throw new Error("No token.");
  const api = createManagementApi();
  await api.ready();
  const server = await listen(http.createServer((request, reply) => api.routing(request, reply)));
  const report = await probe(openApiDocument(), {
    url: `http://127.0.0.1:${server.port}`,
    header: `X-AUTH-TOKEN: ${made.value.token}`,
    config: places(fabric.fabricId),
  });
  await server.close();
  await api.close();
  automates.stopAll();
  await owner.$disconnect();
  await closeDb();
  expect(report).toMatch(/\d+ generated, (\d+) passed/);
}, 600_000);
