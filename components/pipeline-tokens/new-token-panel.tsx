"use client";

import type { ReactNode } from "react";
import type { LoginCommands } from "@/components/pipeline-tokens/login-commands";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { DialogBody, DialogFooter } from "@/components/ui/dialog";
import { useShownOnce } from "@/components/ui/shown-once";

const question = {
  title: "Close without copying the token?",
  text: "It is shown only once. To get another one, you would create a new token.",
  confirmLabel: "Close",
  cancelLabel: "Keep open",
};

/** Shows a new token once. Closing the dialog discards it. */
export function NewTokenPanel({
  title,
  token,
  login,
  tryIt,
}: {
  /** The dialog's title from now on, such as “Access token created”. */
  title: string;
  token: string;
  /** The commands that store the token in our command line, which prompts for it. */
  login: LoginCommands;
  /** A first request with the token, as a shell command. */
  tryIt: { title: string; command: string };
}) {
  const { onCopied, done } = useShownOnce(title, question);
  return (
    <>
      <DialogBody>
        <Banner tone="warning" title="Copy it now" isLive>
          It is shown only once. Selvage stores only its hash.
        </Banner>
        <CopyBlock title="Token" text={token} label="Copy token" onCopied={onCopied} />
        <CopyBlock title="For the command line" text={login.shell} label="Copy command">
          Downloads it from Automate; requires Node.js 20.19 or newer. It prompts for the token, so the token
          does not appear in the shell’s history.
        </CopyBlock>
        <details>
          <summary className="w-fit rounded-sm text-accent-text">On Windows</summary>
          <div className="pt-2">
            <CopyBlock title="In PowerShell" text={login.powerShell} label="Copy PowerShell command" />
          </div>
        </details>
        <CopyBlock title={tryIt.title} text={tryIt.command} label="Copy request" onCopied={onCopied}>
          The shell stores this command in its history, including the token.
        </CopyBlock>
      </DialogBody>
      <DialogFooter>
        <Button variant="primary" onClick={done}>
          Done
        </Button>
      </DialogFooter>
    </>
  );
}

function CopyBlock({
  title,
  text,
  label,
  onCopied,
  children,
}: {
  title: string;
  text: string;
  label: string;
  onCopied?: () => void;
  children?: ReactNode;
}) {
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="font-medium">{title}</p>
        <CopyButton text={text} label={label} {...(onCopied ? { onCopied } : {})} />
      </div>
      <code className="select-all wrap-anywhere rounded-md border border-line bg-sunken px-3 py-2 font-mono text-sm">
        {text}
      </code>
      {children && <p className="text-muted text-sm">{children}</p>}
    </div>
  );
}
