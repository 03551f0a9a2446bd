"use client";

import type { SubKind } from "@/lib/secrets/kinds/registry";

export type CreatedSecret = { id: string; name: string; subKind: SubKind };

/**
 * The dialog Add Secret. Render it beside another form, never inside: through a portal its submit would still
 * bubble up the React tree and submit the other form.
 */
export function AddSecretDialog(_props: {
  fabricId: string;
  isOpen: boolean;
  onClose: () => void;
  allowedSubKinds?: readonly SubKind[];
  initialSubKind?: SubKind;
  maxSecretBytes: number;
  onCreated?: (secret: CreatedSecret) => void;
}) {
  return null;
}
