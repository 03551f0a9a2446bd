"use client";

import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { Button, IconButton } from "@/components/ui/button";
import { cx } from "@/components/ui/class-names";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { type CloseQuestion, DialogGuardContext } from "@/components/ui/dialog-guard";
import {
  type DialogSize,
  dialogBackdropClass,
  dialogFooterClass,
  dialogPopupClass,
} from "@/components/ui/dialog-style";
import { isOpenerRemoved } from "@/components/ui/focus-keeper";
import { DialogContainer } from "@/components/ui/portal-container";
import { useDismissToasts } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";

// The element to focus first: a field, or the button that opens one. On touch, Base UI focuses the dialog itself, so
// that no keyboard covers it.
const firstField =
  "input:not([type=hidden], [type=file], [disabled]), select:not([disabled]), textarea:not([disabled]), [data-first-field]";

/** A modal dialog. Its body mounts on opening, so its state starts fresh each time. */
export function Dialog({
  isOpen,
  onClose,
  title,
  description,
  size = "md",
  returnFocus,
  children,
}: {
  isOpen: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  size?: DialogSize;
  /** The element to focus after closing, if the opener no longer exists. */
  returnFocus?: () => HTMLElement | null;
  children: ReactNode;
}) {
  const popup = useRef<HTMLDivElement>(null);
  const isTouch = useRef(false);
  const [question, setQuestion] = useState<CloseQuestion | null>(null);
  const [newTitle, setTitle] = useState<string | null>(null);
  const discard = useDialog();
  useDismissToasts(isOpen);
  const requestClose = () => (question ? discard.open() : onClose());
  const fieldToFocus = () => popup.current?.querySelector<HTMLElement>(firstField);

  return (
    <Base.Root open={isOpen} onOpenChange={(next) => !next && requestClose()}>
      <Base.Portal>
        <Base.Backdrop forceRender className={dialogBackdropClass} />
        <Base.Popup
          ref={popup}
          initialFocus={(opened) => {
            isTouch.current = opened === "touch";
            return isTouch.current || (fieldToFocus() ?? true);
          }}
          finalFocus={() => returnFocus?.() ?? !isOpenerRemoved()}
          className={dialogPopupClass(size)}
        >
          <header className="flex items-start gap-4 px-6 pt-5 pb-4">
            <div className="min-w-0 flex-1">
              <Base.Title className="wrap-anywhere font-semibold text-lg">{newTitle ?? title}</Base.Title>
              {description && newTitle === null && (
                <Base.Description render={<div />} className="mt-0.5 text-muted">
                  {description}
                </Base.Description>
              )}
            </div>
            <IconButton
              label="Close"
              icon={<X aria-hidden />}
              onClick={requestClose}
              className="-mt-1 -mr-2"
            />
          </header>
          <DialogContainer value={popup}>
            <DialogGuardContext
              value={{
                requestClose,
                close: onClose,
                setQuestion,
                setTitle,
                focusFirstField: () => {
                  if (!isTouch.current) fieldToFocus()?.focus();
                },
              }}
            >
              {children}
            </DialogGuardContext>
          </DialogContainer>
          <ConfirmDialog
            isOpen={discard.isOpen && question !== null}
            onClose={discard.close}
            onConfirm={() => {
              discard.close();
              onClose();
            }}
            title={question?.title ?? ""}
            confirmLabel={question?.confirmLabel ?? ""}
            cancelLabel={question?.cancelLabel ?? ""}
            tone="danger"
          >
            {question?.text}
          </ConfirmDialog>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

export function DialogBody({ className, children }: { className?: string; children: ReactNode }) {
  // The padding keeps focus rings inside the scrolling part.
  return (
    <div className={cx("flex min-h-0 flex-1 flex-col gap-5 overflow-y-auto px-6 pt-1 pb-6", className)}>
      {children}
    </div>
  );
}

export function DialogFooter({ children }: { children: ReactNode }) {
  return <footer className={dialogFooterClass}>{children}</footer>;
}

export function DialogClose({ variant, children }: { variant?: "primary"; children: ReactNode }) {
  const { requestClose } = useContext(DialogGuardContext);
  return (
    <Button {...(variant ? { variant } : {})} onClick={requestClose}>
      {children}
    </Button>
  );
}

/** Around content that appears after the dialog opened: it moves the focus to the first field, as the dialog would. */
export function FocusFirstField({ children }: { children: ReactNode }) {
  const { focusFirstField } = useContext(DialogGuardContext);
  const [focusOnce] = useState(() => focusFirstField);
  useEffect(focusOnce, [focusOnce]);
  return children;
}
