"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { FormError } from "@/components/form/form-error";
import { useActionForm } from "@/components/form/use-action-form";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { InvitationLink } from "@/components/teams/invitation-link";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogCancel, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { useDialog } from "@/components/ui/use-dialog";
import { inviteAction } from "@/lib/invitations/actions";
import { type InviteInput, inviteInput } from "@/lib/invitations/schema";

const roles = [
  { value: "user", label: "User" },
  { value: "admin", label: "Admin" },
];

export function AddMemberButton({ teamId, origin }: { teamId: string; origin: string }) {
  const { isOpen, open, close } = useDialog();
  return (
    <>
      <Button variant="primary" icon={<UserPlus aria-hidden />} onClick={open}>
        Add member
      </Button>
      <Dialog isOpen={isOpen} onClose={close} title="Add member">
        <AddMember teamId={teamId} origin={origin} onDone={close} />
      </Dialog>
    </>
  );
}

function AddMember({ teamId, origin, onDone }: { teamId: string; origin: string; onDone: () => void }) {
  const [made, setMade] = useState<{ email: string; link: string } | null>(null);
  const form = useForm<InviteInput>({
    resolver: zodResolver(inviteInput),
    defaultValues: { email: "", role: "user" },
  });
  const { protect, dialog } = useReauthenticate();
  const invite = protect((input: InviteInput) => inviteAction(teamId, input));
  const { submit, formError } = useActionForm(invite, form, {
    onOk: ({ token }, { email }) => setMade({ email, link: `${origin}/join/${token}` }),
    texts: {
      already_member: "Nobody was invited.",
      reauthenticate: "Nobody was invited: it was not confirmed.",
    },
  });
  const { errors, isSubmitting } = form.formState;
  if (made) return <InvitationLink {...made} onDone={onDone} />;
  return (
    <>
      <form className="contents" onSubmit={submit} noValidate>
        <DialogBody>
          <FormError error={formError} />
          <Field
            label="E-mail"
            isRequired
            error={errors.email?.message}
            hint="You get a link to send to this person. Selvage sends no mail."
          >
            <Input {...form.register("email")} type="email" placeholder="ada@example.com" />
          </Field>
          <Field
            label="Role"
            isRequired
            error={errors.role?.message}
            hint="Users use and write secrets and connections. Admins also manage members, fabrics, tokens and destinations."
          >
            <Select {...form.register("role")} options={roles} />
          </Field>
        </DialogBody>
        <DialogFooter>
          <DialogCancel />
          <Button type="submit" variant="primary" isPending={isSubmitting}>
            Create link
          </Button>
        </DialogFooter>
      </form>
      {dialog}
    </>
  );
}
