"use client";

import { Banner } from "@/components/ui/banner";
import { CopyButton } from "@/components/ui/copy-button";
import { DialogBody, DialogClose, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { invitationDays } from "@/lib/invitations/schema";

export function InvitationLink({ email, link }: { email: string; link: string }) {
  return (
    <>
      <DialogBody>
        <Banner tone="success" isLive title="The link is ready">
          Send it to {email} yourself. It works once, within {invitationDays} days, and is shown only now.
        </Banner>
        <Field label="Link" hideOptional action={<CopyButton text={link} label="Copy link" />}>
          <Input value={link} readOnly onFocus={(event) => event.currentTarget.select()} />
        </Field>
      </DialogBody>
      <DialogFooter>
        <DialogClose variant="primary">Done</DialogClose>
      </DialogFooter>
    </>
  );
}
