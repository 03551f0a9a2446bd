import type { Permission } from "@/lib/access/policy";
import type { Scope } from "@/lib/access/scope";
import { type AuditEntry, record } from "@/lib/audit/record";
import type { Tx } from "@/lib/db/client";

/** Revokes all pipeline tokens of a fabric and removes its trusted issuers, for good. Records each. */
export async function endTokens(
  tx: Tx,
  { fabricId, teamId, actor }: Pick<Scope<Permission>, "fabricId" | "teamId" | "actor">,
): Promise<void> {
  const select = { id: true, name: true } as const;
  const tokens = await tx.pipelineToken.findMany({ where: { fabricId, revokedAt: null }, select });
  const issuers = await tx.trustedIssuer.findMany({ where: { fabricId }, select });
  const ids = (rows: { id: string }[]) => ({ id: { in: rows.map(({ id }) => id) } });
  await tx.pipelineToken.updateMany({ where: ids(tokens), data: { revokedAt: new Date() } });
  await tx.trustedIssuer.deleteMany({ where: ids(issuers) });
  const by = { actor, teamId, fabricId };
  const events: AuditEntry[] = [
    ...tokens.map((token) => ({
      ...by,
      action: "token.revoke" as const,
      object: { kind: "token" as const, ...token },
    })),
    ...issuers.map((issuer) => ({
      ...by,
      action: "issuer.delete" as const,
      object: { kind: "issuer" as const, ...issuer },
    })),
  ];
  if (events.length > 0) await record(tx, ...events);
}
