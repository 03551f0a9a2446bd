import "server-only";
import { createLogStream } from "@/lib/log-stream";
import { isMisconfigured } from "@/lib/result";

// Of the process: Next loads this module once per bundle.
const shared = globalThis as typeof globalThis & {
  selvageLog?: ReturnType<typeof createLogStream>;
  selvageLogged?: WeakSet<object>;
};

type Facts = Readonly<Record<string, string | number | undefined>>;

/**
 * Web's log: one JSON object a line, of words of our own, names and codes. The message of an error never gets there: V8 repeats
 * the body that it could not parse, and drivers their addresses, statements and values.
 */
export function log(level: "info" | "error", message: string, facts: Facts = {}): void {
  stream().write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...facts })}\n`);
}

/** Waits a moment for the last lines, before the process ends. */
export async function flushLog(): Promise<void> {
  await stream().flush();
}

/** An error of `process.stdout` on a full disk would be logged, and so be an error again, without end. */
function stream() {
  shared.selvageLog ??= createLogStream();
  return shared.selvageLog;
}

/** Logs what failed by its name and codes. */
export function logFailure(message: string, error: unknown, facts: Facts = {}): void {
  logged().add(asKey(error));
  // Its message is ours, and for whoever reads this.
  const why = isMisconfigured(error) && error instanceof Error ? { why: error.message } : {};
  log("error", message, { ...facts, ...factsOf(error), ...why });
}

/** A name or code as programs write them; anything else could be a piece of somebody's input. */
const plain = /^[\w.$-]{1,64}$/;

function factsOf(error: unknown): Facts {
  if (!(error instanceof Error)) return { name: typeof error };
  const codes = [codeOf(error), codeOf(error.cause)].filter((code) => code !== undefined);
  return {
    name: plain.test(error.name) ? error.name : "Error",
    ...(codes.length > 0 && { code: codes.join(" ") }),
  };
}

/** The code of an error, or the SQLSTATE that Prisma's adapter keeps in its cause. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const code = "originalCode" in error ? error.originalCode : "code" in error ? error.code : undefined;
  return typeof code === "string" && plain.test(code) ? code : undefined;
}

function logged(): WeakSet<object> {
  shared.selvageLogged ??= new WeakSet();
  return shared.selvageLogged;
}
function asKey(error: unknown): object {
  return typeof error === "object" && error !== null ? error : {};
}

/**
 * Sends what other people's code prints through `log`, by the names and codes of its errors alone. Next prints an error beside
 * telling instrumentation.ts of it, which knows the route: that one line is enough.
 */
export function redirectConsole(): void {
  const levels = {
    error: "error",
    warn: "error",
    log: "info",
    info: "info",
    debug: "info",
    trace: "error",
  } as const;
  for (const [method, level] of Object.entries(levels)) {
    console[method as keyof typeof levels] = (...args: unknown[]) => {
      const error = args.find((arg) => arg instanceof Error);
      setImmediate(() => {
        if (error === undefined) log(level, `console.${method}`);
        else if (!logged().has(error)) logFailure(`console.${method}`, error);
      });
    };
  }
  process.on("uncaughtException", (error) => logFailure("uncaught", error));
  process.on("unhandledRejection", (error) => logFailure("unhandled rejection", error));
}
