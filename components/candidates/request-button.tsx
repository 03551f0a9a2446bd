"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import * as z from "zod";
import { DialogForm } from "@/components/form/dialog-form";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { askForCandidateAction } from "@/lib/candidates/actions";
import type { CandidateConnection, CandidateDetail } from "@/lib/candidates/schema";
import { formatDestination } from "@/lib/connectors/format-destination";
import { approvalReason } from "@/lib/destinations/schema";

const resolver = zodResolver(z.object({ reason: approvalReason }));

/** Lets a User ask the Admins to allow the destinations of one connection for a new value. */
export function RequestButton({
  fabricId,
  candidate: { secretId, candidate, authorities },
  connection: { id, name, notAllowed },
  onRequested,
}: {
  fabricId: string;
  candidate: Pick<CandidateDetail, "secretId" | "candidate" | "authorities">;
  connection: Pick<CandidateConnection, "id" | "name" | "notAllowed">;
  onRequested: () => void;
}) {
  const dialog = useDialog();
  const toast = useToast();
  return (
    <>
      <Button size="sm" onClick={dialog.open}>
        Request approval<span className="sr-only"> for {name}</span>
      </Button>
      <Dialog isOpen={dialog.isOpen} onClose={dialog.close} size="sm" title="Request approval">
        <DialogForm
          resolver={resolver}
          defaultValues={{ reason: "" }}
          action={({ reason }) =>
            askForCandidateAction(fabricId, { secretId, candidate, connectionId: id, reason })
          }
          texts={{
            not_found:
              "Too many of your requests wait, or this new value does not wait any more. Reload the page.",
          }}
          onOk={() => {
            toast("Approval requested", { description: name });
            onRequested();
          }}
          submitLabel="Request approval"
        >
          {({ register, formState: { errors } }) => (
            <>
              <div>
                <p>{name} would send the new value to:</p>
                <ul className="wrap-anywhere mt-2 list-disc pl-5">
                  {notAllowed.map((destination) => (
                    <li key={destination}>{formatDestination(destination, authorities)}</li>
                  ))}
                </ul>
              </div>
              <Field label="Reason" error={errors.reason?.message}>
                <Input {...register("reason")} maxLength={280} autoComplete="off" />
              </Field>
            </>
          )}
        </DialogForm>
      </Dialog>
    </>
  );
}
