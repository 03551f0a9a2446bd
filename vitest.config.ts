import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

if (Number(process.versions.node.split(".")[0]) < 24)
  throw new Error(
    "Tests run on Node.js 24 or newer: npm test, or for one file npm install, then node launcher/run.mjs vitest run lib/kms.",
  );

const root = fileURLToPath(new URL("./", import.meta.url));

const include = [
  "{admin,automate,backup,cli,components,e2e,launcher,lib,prisma,scripts,testing,web,worker}/**/*.test.ts",
  "architecture.test.ts",
];
/** Real clients that need an installation of their own: only for `npm run test:peers`. */
const peers = process.env.RUN_PEERS ? [] : ["testing/peers/**"];
/** Play whole recoveries with several programs: only for `npm run test:long`. */
const long = process.env.RUN_LONG ? [] : ["backup/recovery.test.ts", "automate/master-rotation-saga.test.ts"];
/** Changes its process for good: it shuts its exits. */
const alone = ["worker/egress/guard.test.ts"];

export default defineConfig({
  resolve: {
    alias: { "@": root.replace(/\/$/, ""), "server-only": `${root}node_modules/server-only/empty.js` },
  },
  test: {
    // Half of a short file's time went into loading packages: the files of a worker share them, and nothing of ours.
    projects: [
      {
        extends: true,
        test: {
          name: "shared",
          include,
          exclude: [...alone, ...peers, ...long],
          isolate: false,
          setupFiles: ["testing/fresh-modules.ts"],
        },
      },
      { extends: true, test: { name: "alone", include: alone } },
    ],
    globalSetup: ["testing/postgres.ts"],
    // No time zone that a developer sits in, with an offset of 45 minutes.
    env: { TZ: "Pacific/Chatham" },
    // One more than there are cores: many tests wait, for a time limit or for a program to start.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A condition that a test waits for may come late on a busy machine.
    expect: { poll: { timeout: 10_000 } },
  },
});
