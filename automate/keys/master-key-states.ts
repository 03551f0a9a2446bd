import { setTimeout as sleep } from "node:timers/promises";
import { measureKeyState } from "@/automate/http/metrics";
import { db } from "@/lib/db/client";
import type { MasterKeyState } from "@/lib/kms/define";
import type { Keyring } from "@/lib/kms/keyring";

/** How often each copy of automate asks for the state of its keys. */
const everyMs = 60_000;

/** A state of a key that differs from the one before. */
export type StateChange = { label: string; fingerprint: string; state: MasterKeyState };

/**
 * Asks for the state of every key of the keyring and stores it, for screens and operators. Ends when `signal` aborts.
 */
export async function watchMasterKeys(
  keyring: Keyring,
  {
    onChange,
    onError,
    signal,
  }: { onChange: (change: StateChange) => void; onError: (error: Error) => void; signal: AbortSignal },
): Promise<void> {
  const states = new Map<string, MasterKeyState>();
  while (!signal.aborted) {
    for (const one of (await storeStates(keyring).catch((error: Error) => void onError(error))) ?? []) {
      // A key that is enabled at start is no change.
      if ((states.get(one.fingerprint) ?? "enabled") !== one.state) onChange(one);
      states.set(one.fingerprint, one.state);
    }
    await sleep(everyMs, undefined, { signal }).catch(() => {});
  }
}

/** Stores the present state of every key. Returns the states. */
export async function storeStates(keyring: Keyring): Promise<StateChange[]> {
  const rows = await Promise.all(
    keyring.keys.map(async (key) => ({
      fingerprint: key.fingerprint,
      label: key.label,
      provider: key.provider,
      keyName: key.keyId,
      teamId: key.team ?? null,
      isPrimary: key.fingerprint === keyring.primary.fingerprint,
      state: (await key.describe()).state,
    })),
  );
  for (const { label, state } of rows) measureKeyState(label, state);
  await db.$executeRaw`
    INSERT INTO master_key (fingerprint, label, provider, "keyName", "teamId", "isPrimary", state, "stateSince", "seenAt")
    SELECT fingerprint, label, provider, "keyName", "teamId", "isPrimary", state, now(), now()
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS k(fingerprint text, label text, provider text,
      "keyName" text, "teamId" text, "isPrimary" boolean, state text)
    ORDER BY fingerprint
    ON CONFLICT (fingerprint) DO UPDATE SET label = EXCLUDED.label, provider = EXCLUDED.provider,
      "keyName" = EXCLUDED."keyName", "teamId" = EXCLUDED."teamId", "isPrimary" = EXCLUDED."isPrimary",
      "stateSince" = CASE WHEN master_key.state = EXCLUDED.state THEN master_key."stateSince" ELSE EXCLUDED."stateSince" END,
      state = EXCLUDED.state, "seenAt" = EXCLUDED."seenAt"`;
  // Keys that no copy lists any more. Those that fabrics need keep their label for the screens.
  await db.$executeRaw`
    UPDATE master_key SET "isPrimary" = false WHERE "isPrimary" AND "seenAt" < now() - interval '3 minutes'`;
  await db.$executeRaw`
    DELETE FROM master_key m WHERE "seenAt" < now() - interval '1 hour'
      AND NOT EXISTS (SELECT 1 FROM fabric_key k WHERE k."masterKeyId" = m.fingerprint)
      AND NOT EXISTS (SELECT 1 FROM fabric_master_key c WHERE c."masterKeyId" = m.fingerprint)`;
  return rows.map(({ label, fingerprint, state }) => ({ label, fingerprint, state }));
}
