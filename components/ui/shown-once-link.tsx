"use client";

import { type ReactNode, useState } from "react";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { DialogBody, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useShownOnce } from "@/components/ui/shown-once";

/** The body of a dialog that shows a new link once. */
export function ShownOnceLink({
  title,
  link,
  toReplace,
  children,
}: {
  /** The dialog's title from now on: what was made. */
  title: string;
  link: string;
  /** How to get another one, such as "revoke this link". */
  toReplace: string;
  /** To whom to send it, and what it does. */
  children: ReactNode;
}) {
  const [question] = useState({
    title: "Close without copying the link?",
    text: `It is shown only once. To get another one, you would ${toReplace} and create a new one.`,
    confirmLabel: "Close",
    cancelLabel: "Keep open",
  });
  const { onCopied, done } = useShownOnce(title, question);
  return (
    <>
      <DialogBody>
        <Banner tone="success" isLive title="The link is ready">
          {children}
        </Banner>
        <Field
          label="Link"
          hideOptional
          action={<CopyButton text={link} label="Copy link" onCopied={onCopied} />}
        >
          <Input value={link} readOnly onFocus={(event) => event.currentTarget.select()} />
        </Field>
      </DialogBody>
      <DialogFooter>
        <Button variant="primary" onClick={done}>
          Done
        </Button>
      </DialogFooter>
    </>
  );
}
