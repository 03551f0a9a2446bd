"use client";

import { connectionsHref } from "@/components/secrets/connections-href";
import { ReaderList } from "@/components/secrets/reader-list";
import { Dialog, DialogBody, DialogClose, DialogFooter } from "@/components/ui/dialog";
import { Link } from "@/components/ui/link";
import { type SecretDetail, usedForDays } from "@/lib/secrets/schema";

/** Explains why a secret cannot be deleted: the connections that use it. Names the pipelines that read it, too. */
export function SecretInUseDialog({
  fabricId,
  secret: { id, name, connections, readers, usedBy },
  isOpen,
  onClose,
}: {
  fabricId: string;
  secret: Pick<SecretDetail, "id" | "name" | "connections" | "readers" | "usedBy">;
  isOpen: boolean;
  onClose: () => void;
}) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={`“${name}” is in use`}>
      <DialogBody>
        <p className="text-muted">
          A secret can be deleted once no connection uses it. Choose another secret in{" "}
          {usedBy === 1 ? "this connection" : `these ${usedBy} connections`} first.
        </p>
        <ul className="divide-y divide-line rounded-lg border border-line">
          {connections.map((connection) => (
            <li key={connection.id} className="px-4 py-2.5">
              <Link
                href={`/metadata/fabrics/${fabricId}/connections/${connection.id}`}
                className="rounded-sm font-medium text-accent-text [overflow-wrap:anywhere] hover:underline"
              >
                {connection.name}
              </Link>
            </li>
          ))}
          {usedBy > connections.length && (
            <li className="px-4 py-2.5">
              <Link
                href={connectionsHref(fabricId, id)}
                className="rounded-sm font-medium text-accent-text hover:underline"
              >
                All {usedBy} connections
              </Link>
            </li>
          )}
        </ul>
        {readers.length > 0 && (
          <div className="text-muted">
            <p>These pipelines have read it in the last {usedForDays} days:</p>
            <ReaderList name={name} readers={readers} />
          </div>
        )}
      </DialogBody>
      <DialogFooter>
        <DialogClose>Close</DialogClose>
      </DialogFooter>
    </Dialog>
  );
}
