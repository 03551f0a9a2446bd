"use client";

import { Toast } from "@base-ui/react/toast";
import { CircleAlert, CircleCheck, X } from "lucide-react";
import { type ReactNode, useEffect } from "react";

type ToastTone = "success" | "danger";
type ToastAction = { label: string; onAct: () => void };

/** How long a toast with an action stays, in milliseconds: long enough to read it and to reach the button. */
const actionTimeoutMs = 15_000;

export function ToastProvider({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider timeout={6000}>
      {children}
      <Toast.Portal>
        {/* On a narrow screen at the top, below the bar: a sheet's buttons are at the bottom. */}
        <Toast.Viewport className="fixed top-18 right-4 z-60 flex w-[calc(100vw-2rem)] flex-col gap-2 sm:w-88 md:top-auto md:right-6 md:bottom-6">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

/**
 * Shows a short-lived message, optionally with one action, such as Undo. Show an error where it occurred as well, not
 * only here.
 */
export function useToast() {
  const { add, close } = Toast.useToastManager();
  return (
    title: string,
    {
      description,
      tone = "success",
      action,
    }: { description?: string; tone?: ToastTone; action?: ToastAction } = {},
  ) => {
    const id = add({
      title,
      description,
      type: tone,
      priority: tone === "danger" ? "high" : "low",
      ...(action && {
        timeout: actionTimeoutMs,
        actionProps: {
          children: action.label,
          onClick() {
            close(id);
            action.onAct();
          },
        },
      }),
    });
  };
}

/** Dismisses all toasts when a dialog opens, because they could cover its title or buttons. */
export function useDismissToasts(isOpen: boolean): void {
  const { close } = Toast.useToastManager();
  useEffect(() => {
    if (isOpen) close();
  }, [isOpen, close]);
}

function ToastList() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className="rounded-lg border border-line bg-surface text-ink shadow-popover transition-[opacity,translate] duration-200 data-ending-style:-translate-y-2 data-limited:hidden data-starting-style:-translate-y-2 data-ending-style:opacity-0 md:data-ending-style:translate-y-2 md:data-starting-style:translate-y-2 data-starting-style:opacity-0"
    >
      <Toast.Content className="flex items-start gap-3 py-3 pr-2 pl-3.5">
        {toast.type === "danger" ? (
          <CircleAlert aria-hidden className="mt-0.5 size-4.5 shrink-0 text-danger-text" />
        ) : (
          <CircleCheck aria-hidden className="mt-0.5 size-4.5 shrink-0 text-success-text" />
        )}
        <div className="min-w-0 flex-1 break-words py-px">
          <Toast.Title render={<p />} className="font-medium" />
          <Toast.Description className="text-muted text-sm" />
          <Toast.Action className="-mx-1 mt-1 inline-flex min-h-7 items-center rounded-sm px-1 font-medium text-accent-text hover:underline" />
        </div>
        <Toast.Close
          aria-label="Dismiss"
          className="inline-flex size-7 items-center justify-center rounded-sm text-muted hover:bg-hover hover:text-ink"
        >
          <X aria-hidden className="size-4" />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}
