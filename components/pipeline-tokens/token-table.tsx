import type { ReactNode } from "react";
import { ConnectionChanges } from "@/components/pipeline-tokens/connection-changes";
import { TokenLimits } from "@/components/pipeline-tokens/token-limits";
import { TokenExpiry, TokenStatusBadge } from "@/components/pipeline-tokens/token-status";
import { RelativeTime } from "@/components/ui/relative-time";
import { RowLink, Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { Owner } from "@/lib/expiry/schema";
import type { LimitSummary, TokenStatus } from "@/lib/pipeline-tokens/schema";

export type Column<Token> = {
  title: string;
  width?: string;
  /** Left out where the table has little space. */
  isExtra?: true;
  cell: (token: Token) => ReactNode;
};

/** A table of tokens or trusted issuers, by name. Without `actions`, it has no column for them. */
export function TokenTable<Token extends { id: string; name: string }>({
  label,
  tokens,
  columns,
  hrefOf,
  actions,
}: {
  label: string;
  tokens: readonly Token[];
  columns: readonly Column<Token>[];
  /** The address of a token's own page. */
  hrefOf?: (token: Token) => string;
  actions?: ((token: Token) => ReactNode) | undefined;
}) {
  return (
    <Table label={label}>
      <THead>
        <Th>Name</Th>
        {columns.map(({ title, width, isExtra = false }) => (
          <Th key={title} isExtra={isExtra} {...(width ? { width } : {})}>
            {title}
          </Th>
        ))}
        {actions && (
          <Th width="w-36" srOnly>
            Actions
          </Th>
        )}
      </THead>
      <TBody>
        {tokens.map((token) => (
          <Tr key={token.id}>
            <Td isMain>{hrefOf ? <RowLink href={hrefOf(token)} name={token.name} /> : token.name}</Td>
            {columns.map(({ title, cell, isExtra = false }) => (
              <Td key={title} label={title} isExtra={isExtra}>
                {cell(token)}
              </Td>
            ))}
            {actions && (
              <Td align="right" isFoot>
                {actions(token)}
              </Td>
            )}
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}

export const statusColumn: Column<{ status: TokenStatus }> = {
  title: "Status",
  width: "w-26",
  cell: ({ status }) => <TokenStatusBadge status={status} />,
};

/** Changes of connections concern only what still reads secrets. */
export const limitsColumn: Column<{ limits: LimitSummary; status?: TokenStatus }> = {
  title: "Limited to",
  cell: ({ limits, status = "active" }) => (
    <>
      <TokenLimits limits={limits} />
      {status === "active" && <ConnectionChanges changes={limits.changes} />}
    </>
  ),
};

/** When and by whom it was added. */
export function addedColumn(title: string): Column<{ createdAt: Date; createdByName: string }> {
  return {
    title,
    isExtra: true,
    cell: ({ createdAt, createdByName }) => (
      <>
        <RelativeTime date={createdAt} /> by {createdByName}
      </>
    ),
  };
}

export const expiresColumn: Column<{
  expiresAt: Date | null;
  revokedAt?: Date | null;
  revokedByName?: string | null;
}> = {
  title: "Expires",
  width: "w-32",
  cell: ({ revokedAt = null, ...token }) => <TokenExpiry token={{ revokedAt, ...token }} />,
};

export const ownerColumn: Column<{ owner: Owner | null }> = {
  title: "Owner",
  width: "w-28",
  cell: ({ owner }) => (owner ? <span title={owner.email}>{owner.name}</span> : "Admins"),
};

export const lastUsedColumn: Column<{ lastUsedAt: Date | null }> = {
  title: "Last used",
  width: "w-32",
  cell: ({ lastUsedAt }) => (lastUsedAt ? <RelativeTime date={lastUsedAt} /> : "Never"),
};
