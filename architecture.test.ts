import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";

/** Who may import whom, first match wins: [files, what of ours they may import]. It is the write-only promise as a graph. */
const rules: [from: RegExp, may: RegExp][] = [
  [/\.test\.tsx?$/, /./],
  // The command line knows the two APIs and nothing behind them.
  [/^cli\//, /^(cli\/|scripts\/read-password$|package\.json$)/],
  [/^(scripts|e2e|prisma)\//, /^(?!app\/|components\/)/],
  [/^components\/ui\//, /^components\/ui\//],
  [
    /^components\//,
    /^(components\/|lib\/[a-z-]+\/(schema|actions|kinds\/[a-z0-9-]+)$|lib\/(connectors\/|result$))/,
  ],
  [/^app\//, /^(app|components)\/|^lib\/(?!crypto\/|kms\/|db$|generated\/)/],
  [/^(instrumentation|instrumentation-client)\.ts$/, /^lib\/(env|db-role|log|server\/)/],
  [/^automate\/checks\//, /^(automate\/(checks\/|egress|check-job)|lib\/connectors\/)/],
  [/^automate\/worker-host\.ts$/, /^(automate\/(fork-worker|worker-frames)|lib\/protect-process)$/],
  [
    /^automate\/(check-(worker|pool|job)|prewarmed-workers|fork-worker|remote-worker|worker-frames|serve-check|run-check|uncaught-errors|egress(-guard)?)\.ts$/,
    /^(automate\/(checks\/|egress|check-)|lib\/connectors\/|automate\/(run-check|serve-check|fork-worker|remote-worker|worker-frames|prewarmed-workers|uncaught-errors))/,
  ],
  [/^automate\//, /^(automate|lib)\/(?!.*\/actions$)(?!server\/)/],
  [/^lib\/crypto\//, /^lib\/crypto\//],
  [/^lib\/kms\//, /^lib\/kms\//],
  [/^lib\/connectors\//, /^lib\/connectors\//],
  [/^lib\/db\.ts$/, /^lib\/(env|generated\/|pool$|database-errors$)/],
  [/^lib\/[a-z-]+\/mutations\.ts$/, /^lib\/(?!crypto\/open|kms\/|server\/)/],
  [/^lib\//, /^lib\/(?!crypto\/open|kms\/)/],
  [/^(next|vitest|playwright|prisma)\.config\./, /./],
];

/** Files that may import the module on the left, beside its own folder and tests. */
const guarded: [what: RegExp, only: RegExp][] = [
  [/^lib\/(crypto\/open|kms\/)/, /^(automate|lib\/kms|scripts)\//],
  [/^lib\/crypto\/seal$/, /^lib\/secrets\/sealing\.ts$/],
  [/^lib\/access\/scope$/, /./],
  [/^lib\/access\/background$/, /^automate\/(background-check|purge)\.ts$/],
  [/^lib\/generated\//, /^lib\/db\.ts$/],
  [
    /^lib\/statements$/,
    /^(automate\/(?!checks\/)|lib\/lookup\.ts$|lib\/access\/(pipeline|workload|authorize)\.ts$|lib\/audit\/record-together\.ts$|lib\/(readiness|wait-for-database)\.ts$|lib\/[a-z-]+\/(queries|mutations)\.ts$|lib\/secrets\/sealing\.ts$)/,
  ],
];

const files = execFileSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.tsx"],
  { encoding: "utf8" },
)
  .split("\n")
  .filter((file) => file !== "" && !file.startsWith("lib/generated/"));

/** The modules of ours that a file imports, from the root and without ending. */
function importsOf(file: string): string[] {
  const source = readFileSync(file, "utf8");
  const specifiers = [...source.matchAll(/(?:from|import)\s*\(?\s*"((?:@|\.{1,2})\/[^"]+)"/g)].map(
    ([, specifier = ""]) => specifier,
  );
  return specifiers.map((specifier) =>
    (specifier.startsWith("@/") ? specifier.slice(2) : relative(".", join(dirname(file), specifier))).replace(
      /\.(tsx?|mjs|js)$/,
      "",
    ),
  );
}

describe("imports", () => {
  test.each(files)("%s imports only what its place allows", (file) => {
    const rule = rules.find(([from]) => from.test(file));
    expect(rule, "every file has a rule").toBeDefined();
    for (const imported of importsOf(file)) {
      expect(rule?.[1].test(imported), `${file} may not import ${imported}`).toBe(true);
      if (file.endsWith(".test.ts")) continue;
      for (const [what, only] of guarded) {
        if (what.test(imported)) expect(only.test(file), `${file} may not import ${imported}`).toBe(true);
      }
    }
  });

  test("grant and grantTeam are called by lib/access and tests alone", () => {
    const callers = files.filter((file) =>
      /import \{[^}]*\bgrant(Team)?\b[^}]*\} from "@\/lib\/access\/scope"/.test(readFileSync(file, "utf8")),
    );
    const strangers = callers.filter(
      (file) => !/^lib\/access\/|\.test\.ts$|^scripts\/test-fabric\.ts$/.test(file),
    );
    expect(strangers).toEqual([]);
  });

  test("drivers are imported by checks alone, and by the statements of the hot path", () => {
    const drivers = /from "(pg|ssh2|undici|oauth4webapi)"|import\("(pg|ssh2|undici|oauth4webapi)"\)/;
    const users = files.filter((file) => drivers.test(readFileSync(file, "utf8")));
    const strangers = users.filter((file) => !/^(automate\/checks|scripts|e2e)\/|\.test\.ts$/.test(file));
    // A program's own database, for the statements that every request needs (decisions 11 and 14), and automate's own few
    // requests to the world, over guarded connections (decision 12).
    expect(strangers.sort()).toEqual(["automate/issuer-keys.ts", "lib/pool.ts", "lib/statements.ts"]);
  });
});

describe("the vocabulary", () => {
  const banned = ["index", "utils", "helpers", "types", "constants", "service", "repository", "hooks"];
  test.each(files.filter((file) => !file.startsWith("app/")))("%s has a name that says something", (file) => {
    const name = basename(file).replace(/(\.test)?\.tsx?$/, "");
    expect(banned).not.toContain(name);
    expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*(\.(config|spec|test-d|d))?$/);
  });

  test("files that read the database are marked server-only, or are automate's", () => {
    const readers = files.filter(
      (file) =>
        file.startsWith("lib/") &&
        !file.endsWith(".test.ts") &&
        ["lib/db", "lib/statements"].some((reader) => importsOf(file).includes(reader)),
    );
    const unmarked = readers.filter(
      (file) => !readFileSync(file, "utf8").startsWith('import "server-only";'),
    );
    expect(unmarked).toEqual([]);
  });

  test("each program first closes its inspector and its core dump", () => {
    const programs = files.filter((file) =>
      readFileSync(file, "utf8").startsWith('import "@/lib/protect-process";'),
    );
    // Not automate/check-worker.ts, which its host starts with options of Node.js, nor cli/main.ts, a file of its own.
    expect(programs.sort()).toEqual([
      "automate/server.ts",
      "automate/worker-host.ts",
      "prisma/seed.ts",
      "scripts/admin.ts",
      "scripts/migrate.ts",
      "scripts/web.ts",
    ]);
  });

  test("the environment is read in one place", () => {
    const readers = files.filter(
      (file) =>
        /^(app|components|lib|automate)\//.test(file) && readFileSync(file, "utf8").includes("process.env"),
    );
    expect(readers.filter((file) => !file.endsWith(".test.ts"))).toEqual([
      "lib/env.ts",
      "lib/server/boot.ts",
    ]);
  });

  test("whatever changes or removes a person ends their access, or gives back what they confirmed", () => {
    const writers = files.filter(
      (file) =>
        /^(app|automate|lib|scripts)\//.test(file) &&
        !file.endsWith(".test.ts") &&
        /\.user\.(update|upsert|delete)/.test(readFileSync(file, "utf8")),
    );
    const strangers = writers.filter(
      (file) => file !== "lib/users/end-access.ts" && !importsOf(file).includes("lib/users/end-access"),
    );
    expect(strangers).toEqual(["lib/account-review/mutations.ts"]);
  });

  test("what automate stores for a person is stored while their access lasts", () => {
    const routes = files.filter((file) => file.startsWith("automate/routes/"));
    const strangers = routes.filter((file) => readFileSync(file, "utf8").includes("db.$transaction("));
    // A check that ran is on record, whatever became of its person meanwhile.
    expect(strangers).toEqual(["automate/routes/checks.ts"]);
  });

  test("no screen says of a lost answer that nothing was saved", () => {
    const certain = files.filter(
      (file) => file.startsWith("components/") && readFileSync(file, "utf8").includes('?? "unexpected"'),
    );
    expect(certain).toEqual([]);
  });

  test("values reach React and HTML as text only", () => {
    const unsafe = files.filter(
      (file) => file.endsWith(".tsx") && readFileSync(file, "utf8").includes("dangerouslySetInnerHTML"),
    );
    expect(unsafe).toEqual([]);
  });
});
