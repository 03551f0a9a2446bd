import { timingSafeEqual } from "node:crypto";
import { CannotUnwrap, type KeyContext, KeyServiceFault, type MasterKey } from "@/lib/kms/define";

/** For both calls, before web gives up on automate's answer. */
const timeoutMs = 8_000;

/**
 * Wraps a key, and proves that the master key unwraps it again: a rotation destroys what it replaces. A key service
 * may allow one and not the other, or answer with something else. Throws `KeyServiceFault`.
 */
export async function wrapProven(
  masterKey: MasterKey,
  key: Uint8Array,
  context: KeyContext,
): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMs);
  const wrapped = await masterKey.wrap(key, context, signal);
  const unwrapped = await masterKey.unwrap(wrapped, context, signal).catch((error: unknown) => {
    if (!(error instanceof CannotUnwrap)) throw error;
  });
  const isSame = unwrapped?.length === key.length && timingSafeEqual(unwrapped, key);
  unwrapped?.fill(0);
  if (isSame) return wrapped;
  throw new KeyServiceFault(
    "unavailable",
    `Master key ${masterKey.fingerprint} does not unwrap what its service has just wrapped with it.`,
  );
}
