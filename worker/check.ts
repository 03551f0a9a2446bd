import type * as z from "zod";
import type { CheckCode, CheckFacts, CheckStep } from "@/lib/connectors/check-protocol";
import type { Connector, OpenedProperties } from "@/lib/connectors/define";

/** A finding. A check throws it; the worker turns it into the result. */
export class CheckFailure extends Error {
  readonly code: CheckCode;
  readonly field: string | undefined;
  readonly facts: CheckFacts | undefined;
  /** Set when it is not the current step. */
  readonly step: CheckStep | undefined;

  constructor(code: CheckCode, field?: string, facts?: CheckFacts, step?: CheckStep) {
    super(code);
    this.step = step;
    this.code = code;
    this.field = field;
    this.facts = facts;
  }
}

/** Takes the place of a password that may not be sent yet. The run ends before a sign-in could send it. */
export const standIn = "-";

/** Lets a check report its steps. The egress guard reports name, network and TLS, because it sees the sockets. */
export type CheckContext = {
  /** Passes the current step and begins this one. Earlier steps never return. */
  begin(step: CheckStep): void;
  /** Marks a step that these properties do not have. */
  skip(step: CheckStep): void;
};

/** The check of one kind. `run` returns public metadata or throws. */
export type Check<F extends z.ZodObject = z.ZodObject> = {
  readonly connector: Connector<F>;
  /** Loads the driver before a check, in a worker whose egress guard is already installed. */
  preload?(): Promise<unknown>;
  /**
   * Properties that stand in for the secrets while a destination is not allowed yet: `run` begins with them
   * and ends before its sign-in. A kind without them reaches its servers by TLS alone.
   */
  readonly standIns?: Readonly<Record<string, string>>;
  // Method syntax on purpose: the registry holds checks with different properties.
  run(properties: OpenedProperties<z.output<F>>, context: CheckContext): Promise<CheckFacts>;
  /** Maps a driver's error to a finding; null when it is unknown. Its text is never passed on. */
  explain(error: unknown, properties: OpenedProperties<z.output<F>>): CheckFailure | null;
};

/** Declares a check. Exists for type inference. */
export function defineCheck<F extends z.ZodObject>(
  connector: Connector<F>,
  check: Omit<Check<F>, "connector">,
): Check<F> {
  return { connector, ...check };
}

/** Returns a property of a driver's error as text, for comparison only. Never pass it on. */
export function errorProperty(error: unknown, property: string): string {
  const value: unknown =
    typeof error === "object" && error !== null ? Reflect.get(error, property) : undefined;
  return typeof value === "string" ? value : "";
}
