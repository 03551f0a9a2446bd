import type * as z from "zod";
import type { Scope, TeamScope } from "@/lib/access/scope";
import { createConnection } from "@/lib/connections/mutations";
import { action } from "@/lib/next/action";
import { createSecret } from "@/lib/secrets/mutations";
import { listSecrets } from "@/lib/secrets/queries";
import type { CreateSecretInput, SecretListQuery } from "@/lib/secrets/schema";
import { createSecretInput } from "@/lib/secrets/schema";

// Only the compiler runs these checks. Each line marked below must not compile; if it does, the build fails.
export function scopesCannotBeMisused(
  list: Scope<"secret:list">,
  team: TeamScope<"team:see">,
  input: CreateSecretInput,
  query: SecretListQuery,
) {
  void listSecrets(list, query);

  // @ts-expect-error a scope for listing does not allow writing
  void createSecret(list, input);
  // @ts-expect-error a team's scope is not a fabric's scope
  void listSecrets(team, query);
  // @ts-expect-error an id is not a proof
  void listSecrets("01890000-0000-7000-8000-000000000000", query);
  const { fabricId, teamId, role, actor, only } = list;
  const lookalike = { fabricId, teamId, role, actor, only };
  // @ts-expect-error an object with the fields of a scope is not a proof
  void listSecrets(lookalike, query);
  // @ts-expect-error a scope for secrets does not cover connections
  void createConnection(list, { kind: "postgres", name: "x", description: "", properties: {} });
}

export const mismatched = action({
  permission: "secret:list",
  input: createSecretInput as z.ZodType<CreateSecretInput>,
  // @ts-expect-error the declared permission differs from the one that the mutation requires
  run: createSecret,
});
