import { join } from "node:path";
import { buildSync } from "esbuild";
import { expect, it } from "vitest";
import { connectors } from "@/lib/connectors/registry";
import { checks } from "@/worker/kinds/registry";

it("the registry has a check for each kind of connection, under its own kind", async () => {
  expect(Object.keys(checks).sort()).toEqual(Object.keys(connectors).sort());
  for (const [kind, load] of Object.entries(checks)) expect((await load()).connector.kind).toBe(kind);
});

it("the registry loads no driver before the worker's guard is active", () => {
  const { metafile } = buildSync({
    entryPoints: [join(import.meta.dirname, "../main.ts")],
    outfile: "check-worker.mjs",
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    metafile: true,
    write: false,
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const packages = (kind: string) =>
    [...new Set(imports.filter((one) => one.kind === kind).map((one) => one.path))].filter(
      (path) => !path.startsWith("node:"),
    );
  expect(packages("import-statement").sort()).toEqual(["ipaddr.js", "oauth4webapi", "zod"]);
  expect(packages("dynamic-import").sort()).toEqual([
    "@aws-sdk/client-s3",
    "hdb",
    "jose",
    "mongodb",
    "mysql2",
    "nodemailer/lib/mail-composer/index.js",
    "nodemailer/lib/smtp-connection/index.js",
    "oracledb",
    "oracledb/lib/thin/index.js",
    "oracledb/lib/thin/sqlnet/ntTcp.js",
    "pg",
    "ssh2",
    "tedious",
    "undici/lib/api/api-request.js",
    "undici/lib/dispatcher/agent.js",
  ]);
});
