import "server-only";
import type { Scope } from "@/lib/access/scope";
import { askAutomate } from "@/lib/internal-api/client";

// Automate does and records these, because only it holds the master keys.

/** Creates a new key of the fabric, and starts to reseal its stored values. */
export function rotateFabricKey(scope: Scope<"fabric-key:write">) {
  return askAutomate(scope, "fabric-key:rotate", {});
}

/** Pauses the fabric's rotation. */
export function pauseRotation(scope: Scope<"fabric-key:write">) {
  return askAutomate(scope, "fabric-key:pause", {});
}

/** Resumes the fabric's rotation. */
export function resumeRotation(scope: Scope<"fabric-key:write">) {
  return askAutomate(scope, "fabric-key:resume", {});
}
