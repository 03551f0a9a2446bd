import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { describedBy, unwrappedKey, wrappedText } from "@/lib/kms/answer";
import {
  BadMasterKey,
  CannotUnwrap,
  contextText,
  KeyServiceFault,
  type MasterKey,
  type MasterKeyState,
} from "@/lib/kms/define";
import { fingerprintOf } from "@/lib/kms/fingerprint";
import { readOwnerOnly } from "@/lib/kms/owner-only-file";
import type { Pkcs11Answer, Pkcs11Call, Pkcs11Setup } from "@/lib/kms/pkcs11-host";

const path = z.string().refine(isAbsolute, "give an absolute path");

/** An AES key in an HSM, through the PKCS#11 library of its vendor. The words are those of RFC 7512. */
export const pkcs11Key = z.strictObject({
  provider: z.literal("pkcs11"),
  /** The vendor's library. */
  library: path,
  /** The token's label. */
  token: z.string().min(1).max(32),
  /** The token's serial number, when several have this label. It is not part of the fingerprint. */
  serial: z.string().min(1).optional(),
  /** The key's label (CKA_LABEL). */
  object: z.string().min(1),
  /** The key's CKA_ID in hexadecimal digits, when several keys have this label. */
  id: z
    .string()
    .regex(/^([0-9a-fA-F]{2})+$/, "write bytes as hexadecimal digits, such as 01")
    .transform((id) => id.toLowerCase())
    .optional(),
  /** The file with the PIN of the token's user, readable only by automate. */
  pinFile: path,
  /** Variables for the vendor's library. It sees no others of automate. */
  environment: z.record(z.string(), z.string()).default({}),
});

/** A library that does not answer a call for so long is killed. */
const timeoutMs = 10_000;
/** Signing in to an HSM over a network can take longer than a caller waits. Then the process goes on for so long. */
const startTimeoutMs = 30_000;
/** How long a process that was told to end may take for it. */
const endTimeoutMs = 1_000;
const isSource = import.meta.url.endsWith(".ts");
const hostFile = fileURLToPath(
  new URL(isSource ? "../pkcs11-host.ts" : "./pkcs11-host.mjs", import.meta.url),
);

/** Opens a key in an HSM. It encrypts with AES-GCM; the fabric and the kid are the additional data. */
export async function openPkcs11Key(settings: z.output<typeof pkcs11Key>): Promise<MasterKey> {
  const { token, object, id, library } = settings;
  if (!existsSync(library))
    throw new BadMasterKey(`The PKCS#11 library ${library} is missing: install the software of your HSM.`);
  requireBuiltClient();
  await readPin(settings.pinFile);
  const keyId = `pkcs11:${[`token=${token}`, `object=${object}`, id && `id=${id}`].filter(Boolean).join(";")}`;
  const key = { provider: "pkcs11", keyId, fingerprint: fingerprintOf("pkcs11", keyId) } as const;
  const host = createHost(settings);
  return {
    ...key,
    async wrap(plain, context, signal) {
      const call = { operation: "wrap", key: plain, context: contextText(context) } as const;
      return wrappedText((await host.call(call, signal)) as string, "The HSM");
    },
    async unwrap(wrapped, context, signal) {
      const call = { operation: "unwrap", wrapped, context: contextText(context) } as const;
      return unwrappedKey((await host.call(call, signal)) as Uint8Array, "The HSM");
    },
    describe: describedBy(
      key,
      async (signal) => (await host.call({ operation: "describe" }, signal)) as MasterKeyState,
    ),
    close: async () => host.close(),
  };
}

type Result = Extract<Pkcs11Answer, { result: unknown }>["result"];
type Waiting = Map<number, { resolve: (result: Result) => void; reject: (error: Error) => void }>;
type WithoutNumber<T> = T extends unknown ? Omit<T, "call"> : never;
type Host = { child: ChildProcess; waiting: Waiting; isReady: boolean };

/** Calls the process that runs the vendor's library, and starts another when it has ended. */
function createHost(settings: z.output<typeof pkcs11Key>) {
  let calls = 0;
  let running: Promise<Host> | undefined;
  let current: Host | undefined;
  let refusedPin: string | undefined;

  async function start(): Promise<Host> {
    const pin = await readPin(settings.pinFile).catch((cause) => {
      throw new KeyServiceFault("denied", cause.message, { cause });
    });
    if (pin === refusedPin)
      throw new KeyServiceFault("denied", `The token refused the PIN of ${settings.pinFile}: correct it.`);
    const host: Host = { child: forkHost(settings.environment), waiting: new Map(), isReady: false };
    const kill = () => host.child.kill("SIGKILL");
    const starting = setTimeout(kill, startTimeoutMs).unref();
    // A library that hangs does not notice that automate has ended.
    process.once("exit", kill);
    const end = () => {
      clearTimeout(starting);
      process.off("exit", kill);
      leave(host);
      for (const { reject } of host.waiting.values())
        reject(new KeyServiceFault("unavailable", "The PKCS#11 library ended."));
    };
    host.child.once("exit", end);
    host.child.on("error", end);
    host.child.on("message", (answer: Pkcs11Answer) => {
      clearTimeout(starting);
      host.isReady = true;
      if ("fault" in answer) leave(host);
      if ("isPinRefused" in answer && answer.isPinRefused) refusedPin = pin;
      settle(host.waiting, answer);
    });
    current = host;
    host.child.send({ ...settings, pin } satisfies Pkcs11Setup, () => {});
    return host;
  }

  /** The next call starts another process. */
  function leave(host: Host): void {
    if (current !== host) return;
    current = undefined;
    running = undefined;
  }

  return {
    /** When `signal` aborts or time is up, the process is killed: its library cannot be interrupted. */
    async call(request: WithoutNumber<Pkcs11Call>, signal?: AbortSignal): Promise<Result> {
      const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
      running ??= start().catch((error) => {
        running = undefined;
        throw error;
      });
      const host = await running;
      calls += 1;
      const call = calls;
      const { promise, resolve, reject } = Promise.withResolvers<Result>();
      host.waiting.set(call, { resolve, reject });
      const giveUp = () => {
        host.waiting.delete(call);
        reject(new KeyServiceFault("unavailable", "The PKCS#11 library did not answer in time."));
        if (!host.isReady) return;
        leave(host);
        host.child.kill("SIGKILL");
      };
      limit.addEventListener("abort", giveUp);
      if (limit.aborted) giveUp();
      else host.child.send({ ...request, call }, () => {});
      return promise.finally(() => limit.removeEventListener("abort", giveUp));
    },
    close(): void {
      const child = current?.child;
      if (!child?.connected) return;
      child.disconnect();
      setTimeout(() => child.kill("SIGKILL"), endTimeoutMs).unref();
    },
  };
}

function settle(waiting: Waiting, answer: Pkcs11Answer): void {
  const caller = waiting.get(answer.call);
  waiting.delete(answer.call);
  if ("result" in answer) caller?.resolve(answer.result);
  else if ("cannotUnwrap" in answer)
    caller?.reject(new CannotUnwrap("Another key wrapped this key, or it was changed."));
  else caller?.reject(new KeyServiceFault(answer.fault, `The HSM did not use the key: ${answer.reason}.`));
}

function forkHost(environment: Record<string, string>): ChildProcess {
  return fork(hostFile, [], {
    env: { NODE_ENV: "production", ...environment },
    execArgv: ["--disable-sigusr1", ...(isSource ? ["--import", "tsx"] : [])],
    // Keeps keys as bytes.
    serialization: "advanced",
    // No output: a library that prints could write a key into automate's log.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
}

/** `npm install` does not build the native client, since few need it. */
function requireBuiltClient(): void {
  const built = "pkcs11js/build/Release/pkcs11.node";
  try {
    createRequire(import.meta.url).resolve(built);
  } catch {
    throw new BadMasterKey("The client of PKCS#11 is not built: run npm run build:pkcs11, and start again.");
  }
}

async function readPin(file: string): Promise<string> {
  return (await readOwnerOnly(file, "The PIN file")).trim();
}
