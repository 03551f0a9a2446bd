import "server-only";
import { v7 as uuidv7 } from "uuid";
import type { Scope } from "@/lib/access/scope";
import { db, isUniqueViolation, type Tx } from "@/lib/db/client";
import { availableName } from "@/lib/secrets/inline";
import { fieldsOf } from "@/lib/secrets/kinds/registry";
import { prepareSecrets, storeNewSecrets } from "@/lib/secrets/new-secrets";
import type { CreateSecretInput, EnteredValue, ReplaceSecretInput } from "@/lib/secrets/schema";
import { sealingToNewestKey } from "@/lib/secrets/sealing";
import { replaceWithin } from "@/lib/secrets/update";

/** Where an entered value goes: a secret that exists, or a new one of this creator. */
export type EntryTarget =
  | { secretId: string }
  | { secretId: null; name: string; creator: { id: string; name: string } };

/** A version that was stored. */
export type Entered = { secretId: string; version: number };

/**
 * Stores a whole value that somebody outside entered with a link. `use` runs in the same transaction, and ends the
 * link: both happen or nothing. A new secret whose name is taken meanwhile gets a similar one.
 */
export async function enterWithLink(
  scope: Scope<"entry-link:use">,
  value: EnteredValue,
  target: EntryTarget,
  use: (tx: Tx, entered: Entered) => Promise<void>,
): Promise<Entered> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await sealingToNewestKey(() => enterOnce(scope, value, target, use));
    } catch (error) {
      if (target.secretId !== null || !isUniqueViolation(error) || attempt === 3) throw error;
    }
  }
}

async function enterOnce(
  scope: Scope<"entry-link:use">,
  value: EnteredValue,
  target: EntryTarget,
  use: (tx: Tx, entered: Entered) => Promise<void>,
): Promise<Entered> {
  if (target.secretId !== null) {
    const { secretId } = target;
    return db.$transaction(async (tx) => {
      const version = await replaceWithin(tx, scope, secretId, withoutFormer(value), []);
      await use(tx, { secretId, version });
      return { secretId, version };
    });
  }
  const secretId = uuidv7();
  const name = await availableName(scope, target.name);
  const input = { ...value, name, description: "" } as CreateSecretInput;
  return db.$transaction(async (tx) => {
    const prepared = await prepareSecrets(scope, [{ id: secretId, input }], tx);
    await storeNewSecrets(scope, prepared, { tx, creator: target.creator });
    await use(tx, { secretId, version: 1 });
    return { secretId, version: 1 };
  });
}

/** A replacement that keeps no field of the former value: the link is then the author of the whole value. */
function withoutFormer({ subKind, fields, fileName }: EnteredValue) {
  const cleared = Object.fromEntries(Object.keys(fieldsOf(subKind)).map((field) => [field, null]));
  const all = { ...cleared, ...fields };
  return { subKind, fields: all, fileName } as Pick<ReplaceSecretInput, "subKind" | "fields" | "fileName">;
}
