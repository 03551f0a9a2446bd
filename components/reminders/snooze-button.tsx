"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useFormContext } from "react-hook-form";
import { DialogForm } from "@/components/form/dialog-form";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Select } from "@/components/ui/select";
import { Textarea } from "@/components/ui/textarea";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { snoozeAction } from "@/lib/reminders/actions";
import { type SnoozableTopic, snoozeDays, snoozeInput } from "@/lib/reminders/schema";

const resolver = zodResolver(snoozeInput);

const staysTexts: Record<SnoozableTopic, string> = {
  "secret.expires": "Its value still expires on its day. A new value ends the snooze.",
  "token.expires": "It still expires.",
  "connection.fails": "It is still checked.",
};

/** Puts off the reminders about one thing. */
export function SnoozeButton({
  fabricId,
  topic,
  object: { id, name },
}: {
  fabricId: string;
  topic: SnoozableTopic;
  object: { id: string; name: string };
}) {
  const dialog = useDialog();
  const toast = useToast();
  return (
    <>
      <Button size="sm" onClick={dialog.open}>
        Snooze<span className="sr-only"> reminders about {name}</span>
      </Button>
      <Dialog
        isOpen={dialog.isOpen}
        onClose={dialog.close}
        title="Snooze reminders"
        description={`For that time, Selvage sends no reminders about “${name}”. ${staysTexts[topic]}`}
      >
        <DialogForm
          resolver={resolver}
          defaultValues={{ topic, objectId: id, days: 7, reason: "" }}
          action={(input) => snoozeAction(fabricId, input)}
          onOk={(_none, input) => toast("Reminders snoozed", { description: `For ${input.days} days` })}
          submitLabel="Snooze"
          unguarded={["days"]}
        >
          <SnoozeFields />
        </DialogForm>
      </Dialog>
    </>
  );
}

function SnoozeFields() {
  const { register, formState } = useFormContext<{ days: number; reason: string }>();
  return (
    <>
      <Field label="For" isRequired>
        <Select
          {...register("days", { valueAsNumber: true })}
          options={snoozeDays.map((days) => ({ value: String(days), label: `${days} days` }))}
        />
      </Field>
      <Field
        label="Reason"
        isRequired
        error={formState.errors.reason?.message}
        hint="Everyone with access to the fabric can read it."
      >
        <Textarea {...register("reason")} rows={2} />
      </Field>
    </>
  );
}
