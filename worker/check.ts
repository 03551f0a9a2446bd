import type { z } from "zod";
import type { CheckCode, CheckFacts, CheckStep } from "@/lib/connectors/check-protocol";
import type { Connector, OpenedProperties } from "@/lib/connectors/define";

/** A finding: thrown by a check, turned into the result by the worker. */
export class CheckFailure extends Error {
  readonly code: CheckCode;
  readonly field: string | undefined;
  readonly facts: CheckFacts | undefined;
  /** Where it is not the step under way. */
  readonly step: CheckStep | undefined;

  constructor(code: CheckCode, field?: string, facts?: CheckFacts, step?: CheckStep) {
    super(code);
    this.step = step;
    this.code = code;
    this.field = field;
    this.facts = facts;
  }
}

/** What a check has besides its properties. Name, network and TLS report themselves: the guard sees the sockets. */
export type CheckContext = {
  /** Ends the step under way as passed and begins this one; earlier steps never come back. */
  begin(step: CheckStep): void;
  /** Says that this step does not exist for these properties. */
  skip(step: CheckStep): void;
};

/** The check of one kind. `run` reports by returning (with public facts) or by throwing. */
export type Check<F extends z.ZodObject = z.ZodObject> = {
  readonly connector: Connector<F>;
  /** Loads the driver ahead of a check, in a worker whose every exit is shut already. */
  preload?(): Promise<unknown>;
  // Method syntax on purpose: the registry holds checks whose properties differ.
  run(properties: OpenedProperties<z.output<F>>, context: CheckContext): Promise<CheckFacts>;
  /** What an error of the driver means; null when it is not known. Its text is never passed on. */
  explain(error: unknown, properties: OpenedProperties<z.output<F>>): CheckFailure | null;
};

/** Declares a check; exists for inference. */
export function defineCheck<F extends z.ZodObject>(
  connector: Connector<F>,
  check: Omit<Check<F>, "connector">,
): Check<F> {
  return { connector, ...check };
}

/** A property of a driver's error that may be compared, never passed on. */
export function errorProperty(error: unknown, property: string): string {
  const value: unknown =
    typeof error === "object" && error !== null ? Reflect.get(error, property) : undefined;
  return typeof value === "string" ? value : "";
}
