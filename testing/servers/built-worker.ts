import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { builtPrograms } from "@/testing/built-programs";

/**
 * A check worker as in production: one file, which loads drivers on demand. It starts much faster than one in
 * TypeScript.
 */
export function builtCheckWorker(kind: "shipped" | "many" = "shipped"): string {
  const source = kind === "many" ? "testing/servers/many-checks-worker.ts" : "worker/main.ts";
  return join(builtPrograms(`${kind}-check-worker`, { "check-worker": source }), "check-worker.mjs");
}

/** A check worker of one test, which reads the routes to that test's servers from `routesFile`. */
export function builtRoutedCheckWorker(): { path: string; routesFile: string } {
  const sources = { "check-worker": "testing/servers/routed-check-worker.ts" };
  // Beside the program, because a worker may read no other folder.
  const routesFile = (folder: string) => join(folder, "routes.json");
  const folder = builtPrograms(`routed-check-worker-${randomUUID()}`, sources, (into) => ({
    ROUTES_FILE: JSON.stringify(routesFile(into)),
  }));
  return { path: join(folder, "check-worker.mjs"), routesFile: routesFile(folder) };
}
