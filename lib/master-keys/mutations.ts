import "server-only";
import type { Scope } from "@/lib/access/scope";
import { askAutomate } from "@/lib/internal-api/client";

/** Puts the fabric under a master key of its team, or with null under the primary. Automate writes and records it. */
export function chooseMasterKey(scope: Scope<"fabric-key:write">, input: { fingerprint: string | null }) {
  return askAutomate(scope, "fabric-key:choose-master", input);
}
