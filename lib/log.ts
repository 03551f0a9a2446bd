import "server-only";
import { createLogStream } from "@/lib/log-stream";
import { processState } from "@/lib/process-state";
import { isMisconfigured } from "@/lib/result";

const shared = processState<{ log: ReturnType<typeof createLogStream>; logged: WeakSet<object> }>();

type LogFields = Readonly<Record<string, string | number | undefined>>;

/**
 * Web's log: one JSON object a line, made of fixed texts, names and codes. It never contains an error's
 * message.
 * V8 quotes an unparsable body in its message, and drivers quote addresses, statements and values.
 */
export function log(level: "info" | "error", message: string, fields: LogFields = {}): void {
  stream().write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
}

/** Waits briefly for the last lines. Call it before the process exits. */
export async function flushLog(): Promise<void> {
  await stream().flush();
}

/**
 * One stream for the process, not `process.stdout`: its error on a full disk would be logged, which fails
 * again, endlessly.
 */
function stream() {
  shared.log ??= createLogStream();
  return shared.log;
}

/** Logs a failure by the error's name and codes. */
export function logFailure(message: string, error: unknown, fields: LogFields = {}): void {
  logged().add(asKey(error));
  // Selvage wrote this message for the operator; it holds no secret.
  const why = isMisconfigured(error) && error instanceof Error ? { why: error.message } : {};
  log("error", message, { ...fields, ...errorFields(error), ...why });
}

/** A name or code as programs write them. Anything else might quote a user's input. */
const plain = /^[\w.$-]{1,64}$/;

function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { name: typeof error };
  const codes = [codeOf(error), codeOf(error.cause)].filter((code) => code !== undefined);
  return {
    name: plain.test(error.name) ? error.name : "Error",
    ...(codes.length > 0 && { code: codes.join(" ") }),
  };
}

/**
 * The code of an error. For the cause of a Prisma error, the SQLSTATE that its adapter stores as
 * `originalCode`.
 */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const code = "originalCode" in error ? error.originalCode : "code" in error ? error.code : undefined;
  return typeof code === "string" && plain.test(code) ? code : undefined;
}

function logged(): WeakSet<object> {
  shared.logged ??= new WeakSet();
  return shared.logged;
}
function asKey(error: unknown): object {
  return typeof error === "object" && error !== null ? error : {};
}

/**
 * Routes `console` calls of libraries to `log`, reduced to the names and codes of their errors.
 * Next prints an error and also reports it to instrumentation.ts, which knows the route. The copy on the
 * console is dropped.
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
