import { Badge } from "@/components/ui/badge";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { FabricKeySummary } from "@/lib/fabric-keys/schema";

export function FabricKeyTable({ keys }: { keys: readonly FabricKeySummary[] }) {
  return (
    <Table label="Keys">
      <THead>
        <Th>Key</Th>
        <Th width="w-40">Created</Th>
        <Th>Created by</Th>
        <Th>Master key</Th>
        <Th width="w-32">Values</Th>
      </THead>
      <TBody>
        {keys.map(({ kid, fingerprint, createdAt, createdByName, masterKey, values, isNewest }) => (
          <Tr key={kid}>
            <Td isMain>
              <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
                <code className="font-mono font-normal text-sm">{fingerprint}</code>
                {isNewest ? <Badge tone="success">Seals new values</Badge> : <Badge>Former</Badge>}
              </span>
            </Td>
            <Td label="Created">
              <RelativeTime date={createdAt} />
            </Td>
            <Td label="Created by">{createdByName || "Not recorded"}</Td>
            <Td label="Master key">
              {masterKey.label || "Not in the keyring"}
              <code className="block font-mono text-sm">{masterKey.fingerprint}</code>
            </Td>
            <Td label="Values">{values.toLocaleString("en")}</Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
