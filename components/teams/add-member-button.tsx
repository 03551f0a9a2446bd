"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { UserPlus } from "lucide-react";
import { ProtectedDialogForm } from "@/components/reauthenticate/protected-dialog-form";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { ShownOnceLink } from "@/components/ui/shown-once-link";
import { useDialog } from "@/components/ui/use-dialog";
import { inviteAction } from "@/lib/invitations/actions";
import { invitationDays, inviteInput } from "@/lib/invitations/schema";

const resolver = zodResolver(inviteInput);
const texts = { already_member: "No one was invited." };
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
        <ProtectedDialogForm
          resolver={resolver}
          defaultValues={{ email: "", role: "user" }}
          action={(input) => inviteAction(teamId, input)}
          texts={texts}
          outcome={({ token }, { email }) => (
            <ShownOnceLink
              title="Invitation created"
              link={`${origin}/join/${token}`}
              toReplace="withdraw the invitation"
            >
              Send it to {email} yourself. It works once, within {invitationDays} days, and is shown only now.
            </ShownOnceLink>
          )}
          submitLabel="Create link"
        >
          {({ register, formState: { errors } }) => (
            <>
              <Field
                label="E-mail"
                isRequired
                error={errors.email?.message}
                hint="You get a link to send to this person. Selvage does not send e-mail."
              >
                <Input {...register("email")} type="email" placeholder="ada@example.com" />
              </Field>
              <Field
                label="Role"
                isRequired
                error={errors.role?.message}
                hint="Users can use and edit secrets and connections. Admins can also manage members, fabrics, tokens and destinations."
              >
                <Select {...register("role")} options={roles} />
              </Field>
            </>
          )}
        </ProtectedDialogForm>
      </Dialog>
    </>
  );
}
