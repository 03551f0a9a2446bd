"use client";

import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { DialogBody, DialogFooter } from "@/components/ui/dialog";

export function NewTokenPanel({
  token,
  tryIt,
  onDone,
}: {
  token: string;
  /** A first request with it, for the command line. */
  tryIt: { title: string; command: string };
  onDone: () => void;
}) {
  return (
    <>
      <DialogBody>
        <Banner tone="warning" title="Copy it now" isLive>
          It is shown this once. Selvage keeps only a fingerprint of it.
        </Banner>
        <CopyBlock title="Token" text={token} label="Copy token" />
        <CopyBlock title={tryIt.title} text={tryIt.command} label="Copy command" />
      </DialogBody>
      <DialogFooter>
        <Button variant="primary" onClick={onDone}>
          Done
        </Button>
      </DialogFooter>
    </>
  );
}

function CopyBlock({ title, text, label }: { title: string; text: string; label: string }) {
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="font-medium">{title}</p>
        <CopyButton text={text} label={label} />
      </div>
      <code className="select-all break-all rounded-md border border-line bg-sunken px-3 py-2 font-mono text-sm">
        {text}
      </code>
    </div>
  );
}
