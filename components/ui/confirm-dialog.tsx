"use client";

import { AlertDialog } from "@base-ui/react/alert-dialog";
import { type ReactNode, useRef, useState } from "react";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import {
  type DialogSize,
  dialogBackdropClass,
  dialogFooterClass,
  dialogPopupClass,
} from "@/components/ui/dialog-style";
import { Field } from "@/components/ui/field";
import { isOpenerRemoved } from "@/components/ui/focus-keeper";
import { Input } from "@/components/ui/input";

export function ConfirmDialog({
  isOpen,
  onClose,
  onConfirm,
  title,
  confirmLabel,
  cancelLabel = "Cancel",
  tone = "primary",
  size = "sm",
  typedName,
  isWaiting = false,
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
  size?: DialogSize;
  /** The name that the person must type before they can confirm. */
  typedName?: string | undefined;
  /** True while something must end before the person can confirm. */
  isWaiting?: boolean;
  error?: ReactNode;
  children?: ReactNode;
}) {
  const [isPending, setIsPending] = useState(false);
  const [typed, setTyped] = useState("");
  const typedInput = useRef<HTMLInputElement>(null);

  function close() {
    setTyped("");
    onClose();
  }

  const isTyped = typedName === undefined || typed === typedName;

  async function confirm() {
    setIsPending(true);
    try {
      await onConfirm();
    } finally {
      setIsPending(false);
    }
  }

  return (
    <AlertDialog.Root open={isOpen} onOpenChange={(next) => !next && !isPending && close()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop forceRender className={dialogBackdropClass} />
        <AlertDialog.Popup
          // Links of the text come before the field.
          initialFocus={() => typedInput.current ?? true}
          finalFocus={() => !isOpenerRemoved()}
          className={dialogPopupClass(size)}
        >
          <div className="min-h-0 overflow-y-auto px-6 pt-6 pb-5">
            <AlertDialog.Title className="wrap-anywhere font-semibold text-lg">{title}</AlertDialog.Title>
            <AlertDialog.Description render={<div />} className="wrap-anywhere mt-2 text-muted">
              {children}
            </AlertDialog.Description>
            {typedName !== undefined && (
              <div className="mt-4">
                <Field label={`To confirm, type ${typedName}`} isRequired>
                  <Input
                    ref={typedInput}
                    value={typed}
                    onChange={({ target }) => setTyped(target.value)}
                    onKeyDown={({ key }) => {
                      if (key === "Enter" && isTyped && !isPending) void confirm();
                    }}
                    spellCheck={false}
                    autoCapitalize="off"
                  />
                </Field>
              </div>
            )}
            {error && (
              <div className="mt-4">
                <Banner tone="danger" isLive>
                  {error}
                </Banner>
              </div>
            )}
          </div>
          <div className={dialogFooterClass}>
            <Button onClick={close} disabled={isPending}>
              {cancelLabel}
            </Button>
            <Button variant={tone} onClick={confirm} isPending={isPending} disabled={!isTyped || isWaiting}>
              {confirmLabel}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
