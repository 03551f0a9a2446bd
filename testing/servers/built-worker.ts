import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";

const entries = {
  shipped: "worker/main.ts",
  routed: "testing/servers/routed-check-worker.ts",
  many: "testing/servers/many-checks-worker.ts",
};

/**
 * A check worker as in production: one file inside node_modules, which loads drivers on demand. It starts
 * much faster than one in TypeScript. A routed worker reads its routes from `routesFile`.
 */
export function buildCheckWorker(kind: keyof typeof entries = "shipped") {
  const root = join(import.meta.dirname, "../..");
  const cache = join(root, "node_modules/.cache/check-worker");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "build-"));
  const [path, routesFile] = [join(folder, "check-worker.mjs"), join(folder, "routes.json")];
  buildSync({
    entryPoints: [join(root, entries[kind])],
    define: { ROUTES_FILE: JSON.stringify(routesFile) },
    outfile: path,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  return { path, routesFile, remove: () => rmSync(folder, { recursive: true }) };
}
