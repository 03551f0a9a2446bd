/**
 * State that all bundles of a process share: Next loads a module once per bundle, and web's management API loads it
 * once more. Each module names its own properties of it.
 */
export function processState<State extends object>(): Partial<State> {
  const holder = globalThis as typeof globalThis & { selvage?: object };
  holder.selvage ??= {};
  return holder.selvage as Partial<State>;
}
