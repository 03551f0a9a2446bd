import type * as z from "zod";
import type { Connector, OpenedProperties } from "@/lib/connectors/define";
import type { CheckContext } from "@/worker/check";
import type { PasswordChange } from "@/worker/protocol";

/**
 * How one kind of server sets the password of a user. `set` signs in, begins the step `permission`, and only then sends
 * the one statement that changes something. A result that fails before that step, or with a server's own refusal,
 * means that the server still has the former password. Any other failure of that step leaves it open.
 */
export type PasswordSetter<F extends z.ZodObject = z.ZodObject> = {
  // Method syntax on purpose: the registry holds setters with different properties.
  set(
    properties: OpenedProperties<z.output<F>>,
    change: PasswordChange,
    context: CheckContext,
  ): Promise<void>;
};

/** Declares a setter. Exists for type inference. */
export function definePasswordSetter<F extends z.ZodObject>(
  _connector: Connector<F>,
  setter: PasswordSetter<F>,
): PasswordSetter<F> {
  return setter;
}
