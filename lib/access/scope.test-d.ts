import type { z } from "zod";
import type { Scope, TeamScope } from "@/lib/access/scope";
import { createConnection } from "@/lib/connections/mutations";
import { action } from "@/lib/next/action";
import { createSecret } from "@/lib/secrets/mutations";
import { listSecrets } from "@/lib/secrets/queries";
import type { CreateSecretInput, SecretListQuery } from "@/lib/secrets/schema";
import { createSecretInput } from "@/lib/secrets/schema";

// Checked by the compiler alone: each line that must not compile says so, and fails the build when it does.
export function scopesCannotBeMisused(
  list: Scope<"secret:list">,
  team: TeamScope<"team:see">,
  input: CreateSecretInput,
  query: SecretListQuery,
) {
  void listSecrets(list, query);

  // @ts-expect-error a scope to list is not one to write
  void createSecret(list, input);
  // @ts-expect-error a scope of a team is not one of a fabric
  void listSecrets(team, query);
  // @ts-expect-error an id is not a proof
  void listSecrets("01890000-0000-7000-8000-000000000000", query);
  const { fabricId, teamId, role, actor, only } = list;
  const lookalike = { fabricId, teamId, role, actor, only };
  // @ts-expect-error an object that looks like a scope is not a proof
  void listSecrets(lookalike, query);
  // @ts-expect-error a scope for secrets is not one for connections
  void createConnection(list, { kind: "postgres", name: "x", description: "", properties: {} });
}

export const mismatched = action({
  permission: "secret:list",
  input: createSecretInput as z.ZodType<CreateSecretInput>,
  // @ts-expect-error the permission that is declared is not the one that the mutation needs
  run: createSecret,
});
