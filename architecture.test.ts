import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { subKinds } from "@/lib/secrets/kinds/registry";

/**
 * The folders that each folder may import, in addition to itself. The line of the innermost folder counts.
 */
const mayImport: Record<string, string> = {
  // Web
  app: "components lib web/management-api",
  components: "lib web/management-api",
  "components/ui": "",
  web: "lib",
  // Automate, and the program that runs checks
  automate: "lib worker",
  worker: "lib/connectors lib/egress lib/protect-process lib/secrets/kinds",
  // What programs share
  lib: "lib",
  "lib/crypto": "",
  "lib/kms": "lib/protect-process",
  "lib/egress": "",
  "lib/connectors": "lib/egress lib/issue-text lib/secrets/kinds",
  "lib/secrets/kinds": "lib/egress",
  "lib/imports/formats": "lib/connectors lib/secrets/kinds",
  // The command line knows the two APIs, the types of secret and the files to import, and nothing behind them.
  cli: "lib/imports/formats lib/secrets/kinds",
  admin: "cli lib prisma",
  backup: "lib prisma",
  prisma: "lib",
  launcher: "",
  deploy: "launcher",
  // What no program contains
  testing: "automate backup launcher lib prisma worker",
  e2e: "launcher lib scripts testing",
  scripts: "automate launcher lib prisma testing worker",
};

/**
 * The only folders that may import a module, in addition to its own folder. This is the promise that web cannot
 * open a secret, as a graph.
 */
const onlyFor: Record<string, string> = {
  "lib/crypto/open": "automate/secrets automate/keys automate/app.ts testing",
  "lib/kms": "automate testing",
  "lib/crypto/seal": "lib/secrets automate/secrets/reseal.ts automate/secrets/seal-made.ts",
  "lib/generated": "lib/db",
  "lib/access/background": "automate/checks automate/password-rotations automate/purge.ts testing",
  "lib/db": "lib automate web admin backup prisma testing e2e scripts",
  "lib/next": "app lib web",
  automate: "testing scripts",
};

const files = execFileSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.tsx", "*.mjs"],
  { encoding: "utf8" },
)
  .split("\n")
  .filter((file) => file !== "" && !file.startsWith("lib/generated/"));
const sources = new Map(files.map((file) => [file, readFileSync(file, "utf8")]));
const fileOf = new Map(files.map((file) => [withoutEnding(file), file]));
const product = files.filter((file) => !/\.(test|test-d|spec)\.tsx?$/.test(file));

function withoutEnding(path: string): string {
  return path.replace(/\.(tsx?|mjs|js)$/, "");
}

/** The modules of ours that a file imports, from the root and without ending. */
function importsOf(file: string): string[] {
  const specifiers = (sources.get(file) ?? "").matchAll(/(?:from|import)\s*\(?\s*"((?:@|\.{1,2})\/[^"]+)"/g);
  return [...specifiers].map(([, specifier = ""]) =>
    withoutEnding(
      specifier.startsWith("@/") ? specifier.slice(2) : relative(".", join(dirname(file), specifier)),
    ),
  );
}

/** True when `path` is one of the folders or modules in `list`, or inside one. */
function isIn(path: string, list: string): boolean {
  return list.split(" ").some((one) => one !== "" && (path === one || path.startsWith(`${one}/`)));
}

/** The innermost folder with a line of its own. */
function roomOf(file: string): string | undefined {
  const rooms = Object.keys(mayImport).filter((room) => isIn(file, room));
  return rooms.sort((one, other) => other.length - one.length)[0];
}

/** The circles of a graph: for each a path that ends where it began. */
function circlesOf(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const [done, path, circles] = [new Set<string>(), [] as string[], [] as string[]];
  const visit = (node: string): void => {
    if (path.includes(node)) circles.push([...path.slice(path.indexOf(node)), node].join(" → "));
    if (path.includes(node) || done.has(node)) return;
    path.push(node);
    for (const next of graph.get(node) ?? []) visit(next);
    path.pop();
    done.add(node);
  };
  for (const node of graph.keys()) visit(node);
  return circles;
}

/** Which group imports which, by the group of each file; files without one are left out. */
function graphOf(groupOf: (file: string) => string | undefined): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const file of product) {
    const from = groupOf(file);
    if (from === undefined) continue;
    for (const imported of importsOf(file)) {
      const to = groupOf(fileOf.get(imported) ?? imported);
      if (to === undefined || to === from) continue;
      graph.set(from, (graph.get(from) ?? new Set()).add(to));
    }
  }
  return graph;
}

describe("imports", () => {
  test.each(product.filter((file) => file.includes("/")))("%s imports only what its folder may", (file) => {
    const room = roomOf(file);
    expect(room, "every folder has a line").toBeDefined();
    if (room === undefined) return;
    for (const imported of importsOf(file).filter((one) => one.includes("/"))) {
      expect(isIn(imported, `${room} ${mayImport[room]}`), `${file} may not import ${imported}`).toBe(true);
      for (const [module, folders] of Object.entries(onlyFor)) {
        const own = fileOf.has(module) ? dirname(module) : module;
        if (isIn(imported, module))
          expect(isIn(file, `${own} ${folders}`), `${file} may not import ${imported}`).toBe(true);
      }
    }
  });

  test("no file imports itself through others", () => {
    expect(circlesOf(graphOf((file) => file))).toEqual([]);
  });

  test("no folder of lib imports itself through others", () => {
    expect(circlesOf(graphOf((file) => /^lib\/(secrets\/kinds|[^/]+)(?=\/)/.exec(file)?.[0]))).toEqual([]);
  });

  test("no folder of automate imports itself through others", () => {
    expect(circlesOf(graphOf((file) => /^automate\/[^/]+(?=\/)/.exec(file)?.[0]))).toEqual([]);
  });

  test("no program imports itself through others", () => {
    expect(circlesOf(graphOf((file) => /^[^/]+(?=\/)/.exec(file)?.[0]))).toEqual([]);
  });

  test("screens import nothing that reads the database", () => {
    const readers = product.flatMap((file) =>
      file.startsWith("components/")
        ? importsOf(file)
            .map((imported) => fileOf.get(imported) ?? "")
            .filter((imported) => sources.get(imported)?.startsWith('import "server-only"'))
            .map((imported) => `${file} → ${imported}`)
        : [],
    );
    expect(readers).toEqual([]);
  });

  test("screens import of a noun only its schema, its texts, its actions and its kinds", () => {
    const shared =
      /^lib\/([a-z-]+\/(schema|texts|actions|kinds\/[a-z0-9-]+)|imports\/formats\/[a-z-]+|connectors\/.+|internal-api\/bodies\/[a-z-]+|access\/policy|issue-text|result|suggest-name)$/;
    const others = product.flatMap((file) =>
      isIn(file, "components")
        ? importsOf(file)
            .filter((imported) => isIn(imported, "lib") && !shared.test(imported))
            .map((imported) => `${file} → ${imported}`)
        : [],
    );
    expect(others).toEqual([]);
  });

  test("server actions are imported by screens alone", () => {
    const callers = product.filter(
      (file) =>
        !isIn(file, "app components") && importsOf(file).some((one) => /^lib\/[a-z-]+\/actions$/.test(one)),
    );
    expect(callers).toEqual([]);
  });

  test("scopes are made in lib/access alone", () => {
    const makers = product.filter(
      (file) =>
        /import \{[^}]*\bgrant(Team)?\b[^}]*\} from "@\/lib\/access\/scope"/.test(sources.get(file) ?? "") &&
        !isIn(file, "lib/access testing"),
    );
    expect(makers).toEqual([]);
  });

  test("roles are compared in lib/access alone", () => {
    const comparers = product.filter(
      (file) =>
        /\brole [!=]== "(admin|user|pipeline)"/.test(sources.get(file) ?? "") &&
        !isIn(file, "lib/access testing"),
    );
    expect(comparers).toEqual([]);
  });

  test("types of secret are compared in lib/secrets/kinds alone", () => {
    const unmistakable = subKinds.filter((name) => name !== "text").join("|");
    // A control of a form is called "text", too.
    const comparison = new RegExp(
      `subKind\\)? ?[!=]==? ?["']|\\btype [!=]== ["']text["']|(case |[!=]== |includes\\()["'](${unmistakable})["']`,
    );
    const comparers = product.filter(
      (file) => comparison.test(sources.get(file) ?? "") && !isIn(file, "lib/secrets/kinds testing e2e"),
    );
    expect(comparers).toEqual([]);
  });

  test("only the functions that hand out, reseal or try a value open it", () => {
    const openers = product.filter((file) =>
      /import \{[^}]*\bopen\b[^}]*\} from "@\/lib\/crypto\/open"/.test(sources.get(file) ?? ""),
    );
    expect(openers.filter((file) => !isIn(file, "testing")).sort()).toEqual([
      "automate/secrets/open-secret.ts",
      "automate/secrets/reseal.ts",
      "automate/secrets/try-to-open.ts",
    ]);
  });

  test("drivers are imported by the worker, by lib/db for the program's own database, and by automate for its own requests", () => {
    const drivers =
      /(?:from |import\()"(pg|pg-copy-streams|ssh2|undici|oauth4webapi|mysql2|mongodb|tedious|oracledb|hdb)[/"]/;
    const users = product.filter((file) => drivers.test(sources.get(file) ?? ""));
    expect(
      users.filter(
        (file) =>
          !isIn(file, "worker lib/db automate/runtime-api backup launcher prisma testing scripts e2e"),
      ),
    ).toEqual([]);
  });

  test("clients of key services are loaded by lib/kms alone, when a key is opened", () => {
    const clients = "@aws-sdk/client-kms|@azure/[a-z-]+|google-auth-library|pkcs11js";
    const importers = product.filter((file) =>
      new RegExp(`^import (?!type )[^;]*from "(${clients})"`, "m").test(sources.get(file) ?? ""),
    );
    const users = product.filter((file) => new RegExp(`"(${clients})["/]`).test(sources.get(file) ?? ""));
    expect(importers).toEqual([]);
    expect(users.filter((file) => !isIn(file, "lib/kms launcher testing"))).toEqual([]);
  });
});

describe("the vocabulary", () => {
  const banned = ["index", "utils", "helpers", "types", "constants", "service", "repository", "hooks"];
  test.each(files.filter((file) => !file.startsWith("app/")))("%s has a name that says something", (file) => {
    const name = basename(file).replace(/(\.test)?\.(tsx?|mjs)$/, "");
    expect(banned).not.toContain(name);
    expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*(\.(config|spec|test-d|d))?$/);
  });

  test("files of lib that read the database are marked server-only", () => {
    const readers = product.filter(
      (file) =>
        isIn(file, "lib") &&
        ["lib/db/client", "lib/db/prepared"].some((reader) => importsOf(file).includes(reader)),
    );
    expect(readers.filter((file) => !sources.get(file)?.startsWith('import "server-only";'))).toEqual([]);
  });

  test("each program first closes its inspector and its core dump", () => {
    const programs = product.filter((file) =>
      sources.get(file)?.startsWith('import "@/lib/protect-process";'),
    );
    // Not worker/main.ts, which its host starts with options of Node.js, nor cli/main.ts, which is copied elsewhere.
    expect(programs.sort()).toEqual([
      "admin/main.ts",
      "automate/server.ts",
      "backup/main.ts",
      "lib/kms/pkcs11-host.ts",
      "prisma/demo/seed.ts",
      "prisma/migrate/main.ts",
      "web/server.ts",
      "worker/host.ts",
    ]);
  });

  test("web and automate read the environment in lib/env.ts, Vault's own token, and Next's own variables at start", () => {
    const readers = product.filter(
      (file) => isIn(file, "app components lib automate web") && sources.get(file)?.includes("process.env"),
    );
    expect(readers).toEqual(["lib/env.ts", "lib/kms/transit-token.ts", "lib/next/boot.ts", "web/server.ts"]);
  });

  test("what changes or removes a person ends their access, or gives back what they confirmed", () => {
    const writers = product.filter((file) => /\.user\.(update|upsert|delete)/.test(sources.get(file) ?? ""));
    const silent = writers.filter((file) => !importsOf(file).includes("lib/users/end-access"));
    expect(silent).toEqual(["lib/account-review/mutations.ts", "lib/users/end-access.ts"]);
  });

  test("no screen says of a lost answer that nothing was saved", () => {
    const certain = product.filter(
      (file) => isIn(file, "components") && sources.get(file)?.includes('?? "unexpected"'),
    );
    expect(certain).toEqual([]);
  });

  test("values reach React and HTML as text only", () => {
    const unsafe = files.filter(
      (file) => file.endsWith(".tsx") && sources.get(file)?.includes("dangerouslySetInnerHTML"),
    );
    expect(unsafe).toEqual([]);
  });
});
