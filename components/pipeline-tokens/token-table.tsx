import type { ReactNode } from "react";
import { TokenExpiry, TokenStatusBadge } from "@/components/pipeline-tokens/token-status";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { TokenStatus } from "@/lib/pipeline-tokens/schema";

type Column<Token> = { title: string; cell: (token: Token) => ReactNode };

/** A table of tokens of any kind, by name. */
export function TokenTable<Token extends { id: string; name: string }>({
  label,
  tokens,
  columns,
  actions,
}: {
  label: string;
  tokens: readonly Token[];
  columns: readonly Column<Token>[];
  actions?: (token: Token) => ReactNode;
}) {
  return (
    <Table label={label}>
      <THead>
        <Th>Name</Th>
        {columns.map(({ title }) => (
          <Th key={title}>{title}</Th>
        ))}
        {actions && <Th srOnly>Actions</Th>}
      </THead>
      <TBody>
        {tokens.map((token) => (
          <Tr key={token.id}>
            <Td isMain>
              <span className="block md:max-w-32 xl:max-w-52">{token.name}</span>
            </Td>
            {columns.map(({ title, cell }) => (
              <Td key={title} label={title}>
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
  cell: ({ status }) => <TokenStatusBadge status={status} />,
};

export const expiresColumn: Column<{
  expiresAt: Date | null;
  revokedAt?: Date | null;
  revokedByName?: string | null;
}> = {
  title: "Expires",
  cell: ({ revokedAt = null, ...token }) => <TokenExpiry token={{ revokedAt, ...token }} />,
};

export const lastUsedColumn: Column<{ lastUsedAt: Date | null }> = {
  title: "Last used",
  cell: ({ lastUsedAt }) => (lastUsedAt ? <RelativeTime date={lastUsedAt} /> : "Never"),
};
