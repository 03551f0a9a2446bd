import "./node-version.mjs";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { nodeRuntime } from "./node-runtime.mjs";
import { operatorEnvironment, whyWithoutVariables } from "./operator-file.mjs";
import { startNode } from "./processes.mjs";
import { fail, Refusal } from "./progress.mjs";
import { stopWithParent } from "./stop-with-parent.mjs";

// Runs one program or script with the supported Node.js:
//   node launcher/run.mjs dist/web.mjs     node launcher/run.mjs scripts/write-docs.ts     node launcher/run.mjs vitest run lib
// With --operator it runs a program of the operator, beside `npm start` with the variables of that installation.

const tools = {
  vitest: "node_modules/vitest/vitest.mjs",
  playwright: "node_modules/@playwright/test/cli.js",
};

try {
  const given = process.argv.slice(2);
  const isOperator = given[0] === "--operator";
  const [name = "", ...args] = isOperator ? given.slice(1) : given;
  const file = tools[name] ?? name;
  if (!existsSync(file))
    throw new Refusal(`${resolve(file)} is missing${file.startsWith("dist/") ? ": run npm run build" : ""}.`);
  const child = startNode(nodeRuntime(), [file, ...args], {
    stdio: "inherit",
    ...(isOperator && { env: operatorEnvironment() }),
  });
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => child.kill(name));
  stopWithParent(() => child.kill("SIGTERM"));
  child.once("error", fail);
  child.once("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 143);
    const why = isOperator && code ? whyWithoutVariables() : undefined;
    if (why) console.error(`\n${why}`);
  });
} catch (error) {
  fail(error);
}
