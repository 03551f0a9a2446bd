import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pythonEnvironment } from "@/testing/peers/python-environment";
import { runProgram, serverFolder } from "@/testing/peers/real-server";

/**
 * In addition to the statuses that schemathesis expects: 413 and 431 for what is too large, 412 for an If-Match
 * of another state, 422 for an Idempotency-Key of another body. Postgres cannot store U+0000.
 */
const common = `
[generation]
allow-x00 = false
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "422", "429", "5xx"]
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "431", "5xx"]
`;

/**
 * Runs all checks of schemathesis over an API, for the OpenAPI document in a URL or a file. `config` adds to
 * its configuration. Returns its report; throws it when a check fails.
 */
export async function probe(
  document: string | object,
  { url, header, config }: { url: string; header: string; config: string },
): Promise<string> {
  const bin = await pythonEnvironment("schemathesis");
  const folder = await serverFolder("schemathesis");
  const file = (name: string) => join(folder.path, name);
  await writeFile(file("schemathesis.toml"), common + config);
  if (typeof document === "object") await writeFile(file("openapi.json"), JSON.stringify(document));
  const source = typeof document === "object" ? file("openapi.json") : document;
  // One worker: Python 3.11 fails at random when two threads parse at once (python/cpython#106905).
  const bounds = ["--checks=all", "--max-examples=40", "--seed=1", "--no-color", "--workers=1"];
  const args = [
    `--config-file=${file("schemathesis.toml")}`,
    "run",
    source,
    `--url=${url}`,
    `--header=${header}`,
    ...bounds,
  ];
  try {
    return (await runProgram(join(bin, "schemathesis"), args, "", folder.path)).stdout;
  } catch (error) {
    throw new Error(String((error as { stdout?: string }).stdout ?? error));
  } finally {
    await folder.remove();
  }
}
