"use client";

import { SecretUserList } from "@/components/secrets/secret-user-list";
import { Dialog, DialogBody, DialogClose, DialogFooter } from "@/components/ui/dialog";
import type { SecretUsers } from "@/lib/secrets/schema";

/** Explains why a secret cannot be deleted, by everything that uses it. */
export function SecretInUseDialog({
  fabricId,
  users,
  isOpen,
  onClose,
}: {
  fabricId: string;
  users: SecretUsers;
  isOpen: boolean;
  onClose: () => void;
}) {
  const { name, usedBy, usedByRotations } = users;
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={`“${name}” is in use`}>
      <DialogBody>
        {usedBy > 0 && (
          <p className="text-muted">
            A secret can be deleted once no connection uses it. Choose another secret in{" "}
            {usedBy === 1 ? "this connection" : `these ${usedBy} connections`} first.
          </p>
        )}
        {usedByRotations > 0 && (
          <p className="text-muted">
            {usedByRotations === 1 ? "A rotation signs" : `${usedByRotations} rotations sign`} in with it, to
            set passwords. An Admin can choose another administrator’s secret for{" "}
            {usedByRotations === 1 ? "that rotation, or end it" : "these rotations, or end them"}.
          </p>
        )}
        <SecretUserList fabricId={fabricId} users={users} />
      </DialogBody>
      <DialogFooter>
        <DialogClose>Close</DialogClose>
      </DialogFooter>
    </Dialog>
  );
}
