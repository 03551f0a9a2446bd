import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builds } from "@/launcher/build.mjs";
import { freePort } from "@/launcher/embedded-postgres.mjs";
import { startInstallation } from "@/launcher/installation.mjs";

type Part = { name?: string; pid?: number; stop: () => Promise<void> };
export type Installation = Awaited<ReturnType<typeof createInstallation>>;

/** Starts the programs as `npm start` does, from the tests' build, on a data folder and ports of its own. */
export async function createInstallation() {
  const dataDir = await mkdtemp(join(tmpdir(), "selvage-installation-"));
  const parts: Part[] = [];
  return {
    dataDir,
    parts,
    /** `seed` adds the demo with its database. */
    async start({ seed = false } = {}) {
      const [port, automatePort, automateInternalPort] = [
        await freePort(),
        await freePort(),
        await freePort(),
      ];
      const url = `http://127.0.0.1:${port}`;
      const started = await startInstallation({
        dataDir,
        host: "127.0.0.1",
        port,
        automatePort,
        automateInternalPort,
        publicUrl: url,
        rolePrefix: "selvage",
        databaseUrl: undefined,
        seed,
        target: builds.test,
        dev: false,
        stopLater: (part: Part) => parts.push(part),
      });
      const health = async () =>
        Promise.all(
          [`${url}/sign-in`, `http://127.0.0.1:${automatePort}/healthz`].map(
            async (address) => (await fetch(address)).status,
          ),
        );
      return { ...started, url, ports: [port, automatePort, automateInternalPort], health };
    },
    async stop() {
      for (const part of parts.splice(0).reverse()) await part.stop();
    },
  };
}
