import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { nodeRuntime } from "./node-runtime.mjs";
import { run } from "./processes.mjs";
import { fail, Refusal, step } from "./progress.mjs";

// Builds the native client of PKCS#11, which `npm install` leaves out because few need it. The headers are those
// of the Node.js that runs the programs, so that nothing is downloaded.

const client = resolve(import.meta.dirname, "../node_modules/pkcs11js");

async function build(show) {
  const { npm_config_node_gyp: gyp } = process.env;
  if (!gyp) throw new Refusal("Run this by npm, which brings the tool: npm run build:pkcs11");
  if (!existsSync(client))
    throw new Refusal("The package pkcs11js is missing: run npm install, without --omit=optional.");
  const node = nodeRuntime();
  const folder = dirname(dirname(node));
  const headers = existsSync(join(folder, "include/node/node_api.h")) ? [`--nodedir=${folder}`] : [];
  await run(node, [gyp, "rebuild", ...headers], { cwd: client, show }).catch((error) => {
    throw new Refusal(
      `${error.message}\n\nIt needs Python 3, make and a C++ compiler: apt-get install python3 make g++`,
    );
  });
}

await step("Building the client of PKCS#11", build).catch(fail);
