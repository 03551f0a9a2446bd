import * as z from "zod";
import { takeFromRate } from "@/automate/runtime-api/authenticate";
import { type VaultAnswer, VaultRefusal } from "@/automate/runtime-api/vault/answer";
import type { VaultCaller } from "@/automate/runtime-api/vault/caller";
import { connectionAt, describedMount, nameAt, partsOf } from "@/automate/runtime-api/vault/path";
import { mountsAnswer, publicAnswers, visibleMountsAnswer } from "@/automate/runtime-api/vault/system";
import { lookUpSelf, renewSelf } from "@/automate/runtime-api/vault/tokens";
import { findConnectionByName } from "@/automate/secrets/find-connection";
import { findSecretsByName } from "@/automate/secrets/find-secret";
import { matchesFabric } from "@/lib/access/fabric-reference";
import { isSecretName } from "@/lib/secrets/schema";

const path = z.string().max(1024);
const paths = z.union([path.transform((one) => [one]), z.array(path).min(1).max(100)]);
const question = z.union([
  z.object({ paths }).transform((body) => body.paths),
  z.object({ path: paths }).transform((body) => body.path),
]);

type TokenPath = {
  /** The one capability that every token has here, and with it the methods. */
  capability: "read" | "update";
  /** Vault answers this path to every method. */
  isForAnyMethod?: true;
  /** Null for success without a body. */
  answer: (caller: VaultCaller, body: unknown) => VaultAnswer | null | Promise<VaultAnswer>;
};

/** The paths that every token may use outside its mount. */
export const tokenPaths: ReadonlyMap<string, TokenPath> = new Map([
  ["auth/token/lookup-self", { capability: "read", isForAnyMethod: true, answer: lookUpSelf }],
  ["auth/token/renew-self", { capability: "update", answer: renewSelf }],
  // A login creates nothing, so there is nothing to revoke. Only an Admin revokes a pipeline token.
  ["auth/token/revoke-self", { capability: "update", answer: () => null }],
  ["sys/capabilities-self", { capability: "update", answer: capabilitiesAnswer }],
  ["sys/internal/ui/mounts", { capability: "read", answer: visibleMountsAnswer }],
  ["sys/mounts", { capability: "read", answer: mountsAnswer }],
]);

/**
 * `sys/capabilities-self`: what the token may do at each path. A path outside its limits and a missing one
 * are both `deny` for a limited token; for another, a missing secret is `read`, as a policy would say.
 */
async function capabilitiesAnswer(caller: VaultCaller, body: unknown): Promise<VaultAnswer> {
  const asked = question.safeParse(body);
  if (!asked.success) throw new VaultRefusal(400, ["send paths: a list of 1 to 100 paths"]);
  await takeFromRate(caller, asked.data.length - 1);
  const each = await Promise.all(asked.data.map((one) => capabilitiesOf(caller, partsOf(one))));
  const [only] = each;
  const data = {
    ...(each.length === 1 ? { capabilities: only } : {}),
    ...Object.fromEntries(asked.data.map((one, i) => [one, each[i]])),
  };
  return { data, more: data };
}

async function capabilitiesOf(caller: VaultCaller, parts: readonly string[]): Promise<readonly string[]> {
  const whole = parts.join("/");
  if (publicAnswers.has(whole)) return ["read"];
  const tokenPath = tokenPaths.get(whole);
  if (tokenPath) return [tokenPath.capability];
  const [mount = "", collection = "", ...rest] = parts;
  if (mount === "sys") return isOwnMount(caller, parts) ? ["read"] : ["deny"];
  if (!matchesFabric(caller.mount, mount)) return ["deny"];
  const name = nameAt(rest);
  if (collection === "config" && name === "") return ["read"];
  if (collection === "metadata") return ["list", ...(await reads(caller, name))];
  if (collection !== "data") return ["deny"];
  const connection = connectionAt(rest);
  const isConnection = connection && (await findConnectionByName(caller.scope, connection));
  return isConnection || (await reads(caller, name)).length > 0 ? ["read"] : ["deny"];
}

/** True for the description of the token's own mount, at one of its system paths. */
function isOwnMount({ mount }: VaultCaller, parts: readonly string[]): boolean {
  const { name = "", below = "tune" } = describedMount(parts) ?? {};
  return below === "tune" && matchesFabric(mount, name);
}

async function reads({ scope }: VaultCaller, name: string): Promise<string[]> {
  if (!isSecretName(name)) return [];
  if (scope.only === null) return ["read"];
  const [secret] = await findSecretsByName(scope, [name]);
  return secret ? ["read"] : [];
}
