import { z } from "zod";
import { takeFromRate } from "@/automate/runtime-api/authenticate";
import { type VaultAnswer, VaultRefusal } from "@/automate/runtime-api/vault/answer";
import type { VaultCaller } from "@/automate/runtime-api/vault/caller";
import { connectionAt, nameAt, partsOf } from "@/automate/runtime-api/vault/path";
import { publicAnswers } from "@/automate/runtime-api/vault/system";
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

/** What every token may do outside its mount. */
const everyToken: ReadonlyMap<string, readonly string[]> = new Map([
  ["auth/token/lookup-self", ["read"]],
  ["auth/token/renew-self", ["update"]],
  ["auth/token/revoke-self", ["update"]],
  ["sys/capabilities-self", ["update"]],
  ["sys/internal/ui/mounts", ["read"]],
  ["sys/mounts", ["read"]],
]);

/**
 * `sys/capabilities-self`: what the token may do at each path. A path outside its limits and a missing one
 * are both `deny` for a limited token; for another, a missing secret is `read`, as a policy would say.
 */
export async function capabilitiesAnswer(caller: VaultCaller, body: unknown): Promise<VaultAnswer> {
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
  const anyToken = everyToken.get(whole);
  if (anyToken) return anyToken;
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
  const whole = parts.join("/");
  const [, name = ""] = /^sys\/(?:internal\/ui\/)?mounts\/([^/]+)(?:\/tune)?$/.exec(whole) ?? [];
  return matchesFabric(mount, name);
}

async function reads({ scope }: VaultCaller, name: string): Promise<string[]> {
  if (!isSecretName(name)) return [];
  if (scope.only === null) return ["read"];
  const [secret] = await findSecretsByName(scope, [name]);
  return secret ? ["read"] : [];
}
