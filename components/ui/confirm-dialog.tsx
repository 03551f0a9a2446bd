"use client";

import { AlertDialog } from "@base-ui/react/alert-dialog";
import { type ReactNode, useState } from "react";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { dialogBackdropClass, dialogFooterClass, dialogPopupClass } from "@/components/ui/dialog-style";
import { isOpenerRemoved } from "@/components/ui/focus-keeper";

export function ConfirmDialog({
  isOpen,
  onClose,
  onConfirm,
  title,
  confirmLabel,
  cancelLabel = "Cancel",
  tone = "primary",
  error,
  children,
}: {
  isOpen: boolean;
  onClose: () => void;
  onConfirm: () => void | Promise<void>;
  title: string;
  confirmLabel: string;
  cancelLabel?: string;
  tone?: "primary" | "danger";
  error?: ReactNode;
  children?: ReactNode;
}) {
  const [isPending, setIsPending] = useState(false);

  async function confirm() {
    setIsPending(true);
    try {
      await onConfirm();
    } finally {
      setIsPending(false);
    }
  }

  return (
    <AlertDialog.Root open={isOpen} onOpenChange={(next) => !next && !isPending && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop forceRender className={dialogBackdropClass} />
        <AlertDialog.Popup finalFocus={() => !isOpenerRemoved()} className={dialogPopupClass("sm")}>
          <div className="min-h-0 overflow-y-auto px-6 pt-6 pb-5">
            <AlertDialog.Title className="wrap-anywhere font-semibold text-lg">{title}</AlertDialog.Title>
            <AlertDialog.Description render={<div />} className="wrap-anywhere mt-2 text-muted">
              {children}
            </AlertDialog.Description>
            {error && (
              <div className="mt-4">
                <Banner tone="danger" isLive>
                  {error}
                </Banner>
              </div>
            )}
          </div>
          <div className={dialogFooterClass}>
            <Button onClick={onClose} disabled={isPending}>
              {cancelLabel}
            </Button>
            <Button variant={tone} onClick={confirm} isPending={isPending}>
              {confirmLabel}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
