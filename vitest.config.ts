import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("./", import.meta.url));

export default defineConfig({
  resolve: {
    alias: { "@": root.replace(/\/$/, ""), "server-only": `${root}node_modules/server-only/empty.js` },
  },
  test: {
    include: ["{cli,lib,automate,scripts,components,prisma,e2e}/**/*.test.ts", "architecture.test.ts"],
    globalSetup: ["scripts/test-postgres.ts"],
    // No time zone that a developer sits in, with an offset of 45 minutes.
    env: { TZ: "Pacific/Chatham" },
    // All cores: by default one stays idle, and there are two.
    maxWorkers: "100%",
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
