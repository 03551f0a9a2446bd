"use client";

import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { DialogBody, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useShownOnce } from "@/components/ui/shown-once";

const question = {
  title: "Close without copying the link?",
  text: "It is shown only once. To get another one, you would revoke this link and create a new one.",
  confirmLabel: "Close",
  cancelLabel: "Keep open",
};

/** Shows a new link once. */
export function EntryLinkPanel({ name, link }: { name: string; link: string }) {
  const { onCopied, done } = useShownOnce("Link created", question);
  return (
    <>
      <DialogBody>
        <Banner tone="success" isLive title="The link is ready">
          Send it to {name} yourself. Anyone who has it can enter the value once. It is shown only now.
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
