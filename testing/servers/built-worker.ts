import { join } from "node:path";
import { buildPrograms } from "@/testing/built-programs";

const sources = {
  shipped: "worker/main.ts",
  routed: "testing/servers/routed-check-worker.ts",
  many: "testing/servers/many-checks-worker.ts",
};

/**
 * A check worker as in production: one file, which loads drivers on demand. It starts much faster than one in
 * TypeScript. A routed worker reads its routes from `routesFile`.
 */
export function buildCheckWorker(kind: keyof typeof sources = "shipped") {
  const routes = (folder: string) => join(folder, "routes.json");
  const { folder, remove } = buildPrograms({ "check-worker": sources[kind] }, (into) => ({
    ROUTES_FILE: JSON.stringify(routes(into)),
  }));
  return { path: join(folder, "check-worker.mjs"), routesFile: routes(folder), remove };
}
