"use client";

import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { DialogBody, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useShownOnce } from "@/components/ui/shown-once";
import { invitationDays } from "@/lib/invitations/schema";

const question = {
  title: "Close without copying the link?",
  text: "It is shown only once. To get another one, you would withdraw the invitation and create a new one.",
  confirmLabel: "Close",
  cancelLabel: "Keep open",
};

export function InvitationLink({ email, link }: { email: string; link: string }) {
  const { onCopied, done } = useShownOnce("Invitation created", question);
  return (
    <>
      <DialogBody>
        <Banner tone="success" isLive title="The link is ready">
          Send it to {email} yourself. It works once, within {invitationDays} days, and is shown only now.
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
