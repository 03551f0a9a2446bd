import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

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
/** End, starve or install whole programs, or write ten million events: only for `npm run test:long`. */
const long = process.env.RUN_LONG
  ? []
  : [
      "backup/recovery.test.ts",
      "backup/drill.test.ts",
      "admin/main.test.ts",
      "automate/reminders/send.test.ts",
      "automate/key-rotation-saga.test.ts",
      "automate/password-rotations/other-kinds.test.ts",
      "automate/postgres-restart.test.ts",
      "automate/full-log.test.ts",
      "automate/descriptors.test.ts",
      "automate/startup.test.ts",
      "automate/fabrics/no-undo.test.ts",
      "backup/signing-key.test.ts",
      "cli/completion.test.ts",
      "web/management-api/long-lists.test.ts",
      "automate/key-service-faults.test.ts",
      "launcher/build.test.ts",
      "prisma/migrate/prisma-cli.test.ts",
      "launcher/demo-database.test.ts",
      "automate/master-rotation-saga.test.ts",
      "automate/password-saga.test.ts",
      "lib/activity/many-events.test.ts",
    ];
/** Changes its process for good: it shuts its exits. */
const alone = ["worker/egress/guard.test.ts"];

/** Take longest, mostly waiting. They start first, so that none of them is left for the end. */
const longest = [
  "lib/db/pool",
  "lib/limits/unread-answers",
  "cli/command-line",
  "lib/destinations/attacks",
  "web/management-api/documented",
  "web/management-api/app",
  "automate/checks/attempt-limit",
  "automate/trusted-issuers",
  "backup/restore",
  "automate/checks/background",
  "automate/secrets/settle-version",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) =>
      longest.some((name) => moduleId.endsWith(`${name}.test.ts`));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

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
          // Anew for each file, as ours: its ids go on from the latest time that it has seen, and some files set the clock.
          server: { deps: { inline: ["uuid"] } },
        },
      },
      { extends: true, test: { name: "alone", include: alone } },
    ],
    globalSetup: ["testing/postgres.ts", "testing/built-programs.ts"],
    // No time zone that a developer sits in, with an offset of 45 minutes.
    env: { TZ: "Pacific/Chatham" },
    sequence: { sequencer: LongestFirst },
    // More than there are cores: many tests wait, for a time limit or for a program to start.
    maxWorkers: availableParallelism() + 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A condition that a test waits for may come late on a busy machine.
    expect: { poll: { timeout: 10_000 } },
  },
});
