"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useState } from "react";
import * as z from "zod";
import { DialogForm } from "@/components/form/dialog-form";
import { errorText, failureTitle } from "@/components/form/error-texts";
import { restore, restoreTexts } from "@/components/trash/restore";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { restoredName, type TrashItem } from "@/lib/trash/schema";

const resolvers = {
  secret: zodResolver(z.object({ name: restoredName.secret })),
  connection: zodResolver(z.object({ name: restoredName.connection })),
};

type Restorable = Pick<TrashItem, "type" | "id" | "name" | "isNameTaken">;

/** Restores with one click. Asks for another name when another one has its name now. */
export function RestoreButton({ fabricId, item }: { fabricId: string; item: Restorable }) {
  const dialog = useDialog();
  const toast = useToast();
  const [isPending, setIsPending] = useState(false);
  const noun = item.type;
  const onRestored = (name: string) =>
    toast(noun === "secret" ? "Secret restored" : "Connection restored", { description: name });

  async function restoreAtOnce() {
    if (item.isNameTaken) return dialog.open();
    setIsPending(true);
    const result = await restore(fabricId, item).catch(() => null);
    setIsPending(false);
    if (result?.ok) onRestored(item.name);
    else if (result?.code === "name_taken") dialog.open();
    else
      toast(failureTitle(result?.code, `The ${noun} was not restored`), {
        tone: "danger",
        description: errorText(result?.code ?? "outcome_unknown", restoreTexts(result)),
      });
  }

  return (
    <>
      <Button size="sm" onClick={restoreAtOnce} isPending={isPending}>
        Restore<span className="sr-only"> {item.name}</span>
      </Button>
      <Dialog
        isOpen={dialog.isOpen}
        onClose={dialog.close}
        size="sm"
        title={`Restore “${item.name}”`}
        description={`Another ${noun} of this fabric has this name now. Restore it under another name.`}
      >
        <DialogForm
          resolver={resolvers[noun]}
          defaultValues={{ name: "" }}
          action={({ name }) => restore(fabricId, { ...item, newName: name })}
          texts={restoreTexts(null)}
          onOk={(_, { name }) => onRestored(name)}
          submitLabel="Restore"
        >
          {({ register, formState: { errors } }) => (
            <>
              {noun === "secret" && (
                <p className="text-muted">
                  Connections that use it are not affected. Pipelines that read “{item.name}” receive the
                  other secret.
                </p>
              )}
              <Field label="Name" error={errors.name?.message} isRequired>
                <Input {...register("name")} maxLength={128} spellCheck={false} autoCapitalize="off" />
              </Field>
            </>
          )}
        </DialogForm>
      </Dialog>
    </>
  );
}
