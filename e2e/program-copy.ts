import { join } from "node:path";
import { builds } from "@/launcher/build.mjs";
import { freePort } from "@/launcher/embedded-postgres.mjs";
import { startProgram, waitUntilReady } from "@/launcher/programs.mjs";
import { stack } from "@/testing/stack-address";

/** Another copy of web or automate on the same database; its log is in the folder that the canary searches. */
export type ProgramCopy = {
  url: string;
  pid(): number;
  /** Kills it, like a crash. */
  kill(): Promise<void>;
  /** Starts it again, at the same address. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

/** Starts a copy of web; `more` returns additional environment variables for its address. */
export function startWebCopy(
  name: string,
  more: (url: string) => Promise<Record<string, string>> | Record<string, string> = () => ({}),
  nodeOptions: string[] = [],
  logDir?: string,
): Promise<ProgramCopy> {
  const envFor = async (port: number, url: string) => ({
    ...stack().webEnv,
    PORT: String(port),
    PUBLIC_URL: url,
    ...(await more(url)),
  });
  return startCopy({ name, program: "web", path: "/sign-in", envFor, nodeOptions, logDir });
}

/** Starts a copy of automate with the additional environment variables `more`. */
export async function startAutomateCopy(
  name: string,
  nodeOptions: string[] = [],
  more: Record<string, string> = {},
  logDir?: string,
): Promise<ProgramCopy & { internalUrl: string }> {
  const internalPort = await freePort();
  const internalUrl = `http://127.0.0.1:${internalPort}`;
  const envFor = async (port: number) => ({
    ...stack().automateEnv,
    AUTOMATE_PORT: String(port),
    AUTOMATE_INTERNAL_PORT: String(internalPort),
    AUTOMATE_URL: internalUrl,
    ...more,
  });
  const copy = await startCopy({ name, program: "automate", path: "/readyz", envFor, nodeOptions, logDir });
  return { ...copy, internalUrl };
}

async function startCopy({
  name,
  program,
  path,
  envFor,
  nodeOptions,
  logDir = stack().dir,
}: {
  name: string;
  program: "web" | "automate";
  path: string;
  envFor: (port: number, url: string) => Promise<Record<string, string>>;
  nodeOptions: string[];
  logDir: string | undefined;
}): Promise<ProgramCopy> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = await envFor(port, url);
  const start = async () => {
    const started = await startProgram(name, {
      file: `${builds.test.dist}/${program}.mjs`,
      env,
      log: join(logDir, `${name}.log`),
      nodeOptions,
    });
    await waitUntilReady(started, {
      port,
      path,
      ...(env.PUBLIC_URL && { name: new URL(env.PUBLIC_URL).host }),
    });
    return started;
  };
  let running = await start();
  const pid = () => {
    if (running.pid === undefined) throw new Error(`${name} has no process.`);
    return running.pid;
  };
  return {
    url,
    pid,
    async kill() {
      process.kill(pid(), "SIGKILL");
      await running.exited;
    },
    async restart() {
      running = await start();
    },
    stop: () => running.stop(),
  };
}
