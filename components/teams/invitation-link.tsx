"use client";

import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { DialogBody, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { invitationDays } from "@/lib/invitations/schema";

export function InvitationLink({ email, link, onDone }: { email: string; link: string; onDone: () => void }) {
  return (
    <>
      <DialogBody>
        <Banner tone="success" isLive title="The link is ready">
          Send it to {email} yourself. It works once, for {invitationDays} days, and is shown only now.
        </Banner>
        <Field label="Link" hideOptional action={<CopyButton text={link} label="Copy link" />}>
          <Input value={link} readOnly onFocus={(event) => event.currentTarget.select()} />
        </Field>
      </DialogBody>
      <DialogFooter>
        <Button variant="primary" onClick={onDone}>
          Done
        </Button>
      </DialogFooter>
    </>
  );
}
