import { setTimeout as sleep } from "node:timers/promises";
import { destroyFormerKeys, graceSeconds } from "@/automate/keys/destroy";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import {
  type BatchOutcome,
  claimRotation,
  type Rotation,
  releaseRotation,
} from "@/automate/keys/key-rotation";
import { createPace } from "@/automate/keys/pace";
import { type Pass, rewrap } from "@/automate/keys/rewrap";
import { OlderFabricKey, type Reseal, rotateFabricKey } from "@/automate/keys/rotate-fabric-key";
import { startDueRotations } from "@/automate/keys/scheduled-rotations";
import { isOutage } from "@/lib/db/client";
import { KeyServiceFault } from "@/lib/kms/define";
import type { Keyring } from "@/lib/kms/keyring";

type Settings = {
  keys: FabricKeys;
  reseal: Reseal;
  keyring: Keyring;
  /** The age, in days, at which automate rotates a fabric's key. Undefined: only people start rotations. */
  everyDays?: number | undefined;
  /** Receives only the error's name: its message may contain a secret. */
  onError: (name: string) => void;
  /** How often it looks for work, in milliseconds. */
  pollMs?: number;
  /** How long nothing must have been under a key before it is destroyed, in seconds. */
  grace?: number;
};

/** How long one rotation is worked on before others have their turn. */
const turnMs = 5_000;
/** How long a rotation rests after a fault. */
const retrySeconds = 10;
/** How often it destroys former keys. */
const upkeepEveryMs = 60_000;
/** How often it starts rotations that are due. */
const scheduleEveryMs = 60_000;

/**
 * Works on rotations in the background. Copies of automate share the work: each rotation belongs to one copy at a
 * time, by a lease. Errors never stop it.
 */
export function startKeyRotations({
  keys,
  reseal,
  keyring,
  everyDays,
  onError,
  pollMs = 2_000,
  grace = graceSeconds,
}: Settings) {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pace = createPace();
  const passes = new Map<string, Pass>();
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => {});

  function work(rotation: Rotation): Promise<BatchOutcome> {
    if (rotation.kind === "fabric") return rotateFabricKey(rotation, { keys, reseal, pace }, grace);
    const pass = passes.get(rotation.id) ?? { after: "", damaged: 0 };
    passes.set(rotation.id, pass);
    return rewrap(rotation, keyring, pass, pace);
  }

  async function takeTurn(rotation: Rotation): Promise<void> {
    const until = Date.now() + turnMs;
    try {
      for (;;) {
        const step = await work(rotation);
        if (step === "ended") passes.delete(rotation.id);
        if (step === "waiting") return await releaseRotation(rotation.id, pollMs / 1_000);
        if (step === "ended" || signal.aborted || Date.now() > until)
          return await releaseRotation(rotation.id, 0);
      }
    } catch (error) {
      await releaseRotation(rotation.id, retrySeconds, sentenceOf(error));
      throw error;
    }
  }

  async function rotate(): Promise<void> {
    while (!signal.aborted) {
      const isBusy = await claimRotation(keyring.primary.fingerprint)
        .then(async (rotation) => {
          if (rotation) await takeTurn(rotation);
          return rotation !== null;
        })
        .catch(onFailure);
      if (!isBusy) await pause(pollMs);
    }
  }

  async function keepUp(): Promise<void> {
    for (let upkeepAt = 0; !signal.aborted; await pause(pollMs)) {
      await keys.forgetDestroyed().catch(onFailure);
      if (Date.now() < upkeepAt) continue;
      upkeepAt = Date.now() + Math.min(upkeepEveryMs, grace * 1_000);
      await destroyFormerKeys({ grace }).catch(onFailure);
    }
  }

  /** Apart from the rest, because it waits for key services. */
  async function keepSchedule(days: number): Promise<void> {
    for (; !signal.aborted; await pause(scheduleEveryMs))
      await startDueRotations(keys, days).catch(onFailure);
  }

  function onFailure(error: unknown): false {
    onError(error instanceof Error ? error.name : "Error");
    return false;
  }

  const running = [rotate(), keepUp(), ...(everyDays === undefined ? [] : [keepSchedule(everyDays)])];
  return {
    /** Finishes the current batches. Another copy may take over at once. */
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

/** The text about a fault that people read. Another error's message may contain a secret. */
function sentenceOf(error: unknown): string {
  if (error instanceof KeyServiceFault || error instanceof OlderFabricKey) return error.message;
  if (isOutage(error)) return "The database is not available.";
  if (error instanceof Error && error.name === "UntrustedFabricKey")
    return "Automate’s present signing key did not sign the fabric’s new key. An operator can check and sign it: npm run admin -- keys resign.";
  return "An unexpected error occurred. Automate’s log has its name.";
}
