import { KeyRound, Plug } from "lucide-react";
import { PurgeButton } from "@/components/trash/purge-button";
import { RestoreButton } from "@/components/trash/restore-button";
import { Day } from "@/components/ui/day";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import { findConnector } from "@/lib/connectors/registry";
import { isSubKind, secretKinds } from "@/lib/secrets/kinds/registry";
import type { TrashItem } from "@/lib/trash/schema";

/** The deleted secrets and connections of a fabric. */
export function TrashTable({ fabricId, items }: { fabricId: string; items: TrashItem[] }) {
  return (
    <Table label="Trash">
      <THead>
        <Th>Name</Th>
        <Th width="w-[22%]">Type</Th>
        <Th width="w-[22%]">Deleted</Th>
        <Th width="w-[20%]">Will be purged</Th>
        <Th width="w-44" srOnly>
          Actions
        </Th>
      </THead>
      <TBody>
        {items.map((item) => (
          <TrashRow key={item.id} fabricId={fabricId} item={item} />
        ))}
      </TBody>
    </Table>
  );
}

function TrashRow({ fabricId, item }: { fabricId: string; item: TrashItem }) {
  const {
    type,
    name,
    kind,
    deletedAt,
    deletedByName,
    purgeAt,
    isBeingPurged,
    waitsFor,
    canRestore,
    canPurge,
  } = item;
  const Icon = type === "secret" ? KeyRound : Plug;
  return (
    <Tr>
      <Td isMain>
        <span className="block text-muted wide:truncate" title={name}>
          {name}
        </span>
        {waitsFor.length > 0 && (
          <p className="wrap-anywhere font-normal text-muted text-sm">
            Uses {waitsFor.join(", ")}: restore {waitsFor.length === 1 ? "this secret" : "these secrets"}{" "}
            first.
          </p>
        )}
      </Td>
      <Td label="Type">
        <span className="flex items-center gap-2">
          <Icon aria-hidden className="size-4 shrink-0" />
          {type === "secret" ? "Secret" : "Connection"}: {kindLabel(kind)}
        </span>
      </Td>
      <Td label="Deleted">
        <RelativeTime date={deletedAt} /> by {deletedByName}
      </Td>
      <Td label="Will be purged">{isBeingPurged ? "Being purged" : <Day date={purgeAt} />}</Td>
      <Td align="right" isFoot>
        {!isBeingPurged && (
          <div className="flex justify-end gap-2">
            {canRestore && waitsFor.length === 0 && <RestoreButton fabricId={fabricId} item={item} />}
            {canPurge && <PurgeButton fabricId={fabricId} item={item} />}
          </div>
        )}
      </Td>
    </Tr>
  );
}

function kindLabel(kind: string): string {
  if (isSubKind(kind)) return secretKinds[kind].label;
  return findConnector(kind)?.name ?? kind;
}
