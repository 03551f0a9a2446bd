"use client";

import { CircleAlert } from "lucide-react";
import { useState } from "react";
import type { ShownRow } from "@/components/imports/read-import";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";

const pageSize = 50;

/** One page of the rows, each with its problem. A row with one takes another name. */
export function ImportTable({
  rows,
  left,
  onLeave,
  onName,
}: {
  rows: readonly ShownRow[];
  left: ReadonlySet<number>;
  onLeave: (at: number, isLeft: boolean) => void;
  onName: (at: number, name: string) => void;
}) {
  const [wanted, setPage] = useState(0);
  const last = Math.max(0, Math.ceil(rows.length / pageSize) - 1);
  const page = Math.min(wanted, last);
  const start = page * pageSize;
  const shown = rows.slice(start, start + pageSize);
  return (
    <>
      <Table label="Rows of the file">
        <THead>
          <Th width="w-20">Import</Th>
          <Th>Name</Th>
          <Th width="w-44">Type</Th>
          <Th width="w-32">Place</Th>
          <Th>Problem</Th>
        </THead>
        <TBody>
          {shown.map((row) => (
            <Row key={row.at} row={row} isLeft={left.has(row.at)} onLeave={onLeave} onName={onName} />
          ))}
        </TBody>
      </Table>
      {last > 0 && (
        <nav aria-label="Pages of rows" className="flex min-h-8 items-center justify-between gap-4">
          <p className="text-muted text-sm">
            Rows {start + 1} to {start + shown.length} of {rows.length}
          </p>
          <div className="flex gap-2">
            <Button size="sm" disabled={page === 0} onClick={() => setPage(page - 1)}>
              Previous
            </Button>
            <Button size="sm" disabled={page === last} onClick={() => setPage(page + 1)}>
              Next
            </Button>
          </div>
        </nav>
      )}
    </>
  );
}

function Row({
  row: { at, name, type, noun, place, problem, isUnreadable },
  isLeft,
  onLeave,
  onName,
}: {
  row: ShownRow;
  isLeft: boolean;
  onLeave: (at: number, isLeft: boolean) => void;
  onName: (at: number, name: string) => void;
}) {
  const label = name || place;
  const rename = (typed: string) => typed !== name && onName(at, typed);
  return (
    <Tr>
      <Td>
        <input
          type="checkbox"
          aria-label={`Import ${label}`}
          checked={!isLeft}
          onChange={({ target }) => onLeave(at, !target.checked)}
          className="block size-4.5 accent-accent"
        />
      </Td>
      <Td isMain>
        {problem !== null && !isUnreadable && !isLeft ? (
          <Input
            key={name}
            aria-label={`Name of ${label}`}
            aria-invalid
            aria-describedby={`problem-${at}`}
            defaultValue={name}
            maxLength={256}
            onBlur={({ target }) => rename(target.value)}
            onKeyDown={(event) => event.key === "Enter" && rename(event.currentTarget.value)}
          />
        ) : (
          <span className={isLeft ? "text-faint line-through" : undefined}>{name || "—"}</span>
        )}
      </Td>
      <Td label="Type">{noun === "connection" ? `Connection, ${type}` : type}</Td>
      <Td label="Place">{place}</Td>
      <Td label="Problem">
        {isLeft ? (
          <Badge>Left out</Badge>
        ) : (
          problem !== null && (
            <p id={`problem-${at}`} className="flex items-start gap-1.5 text-danger-text text-sm">
              <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
              <span className="min-w-0 break-words">{problem}</span>
            </p>
          )
        )}
      </Td>
    </Tr>
  );
}
