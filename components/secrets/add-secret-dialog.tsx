"use client";

import { AddSecretForm } from "@/components/secrets/add-secret-form";
import type { CreatedSecret } from "@/components/secrets/secret-form";
import { Dialog } from "@/components/ui/dialog";
import type { SubKind } from "@/lib/secrets/kinds/registry";

/**
 * The dialog Add Secret. Render it outside any other form: even through a portal, its submit would bubble up
 * the React tree and submit that form.
 */
export function AddSecretDialog({
  isOpen,
  onClose,
  returnFocus,
  ...form
}: {
  fabricId: string;
  isOpen: boolean;
  onClose: () => void;
  returnFocus?: () => HTMLElement | null;
  allowedSubKinds?: readonly SubKind[];
  initialSubKind?: SubKind;
  maxSecretBytes: number;
  onCreated?: (secret: CreatedSecret) => void;
}) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Add Secret" {...(returnFocus ? { returnFocus } : {})}>
      <AddSecretForm {...form} onClose={onClose} />
    </Dialog>
  );
}
