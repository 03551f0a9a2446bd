"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { ProtectedDialogForm } from "@/components/reauthenticate/protected-dialog-form";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { restoreFabricAction } from "@/lib/fabrics/actions";
import { restoreFabricInput } from "@/lib/fabrics/schema";

const resolver = zodResolver(restoreFabricInput.required());
const texts = {
  automate_unavailable: "Automate is not available, so the fabric is still deleted. Try again in a moment.",
  refused: "Automate refused this. Reload the page: someone else may have undone the deletion.",
  too_late: "It is too late: the fabric is being destroyed.",
};

/** Undoes the deletion of a fabric. Asks for another name, because a new fabric may have its name now. */
export function RestoreFabricButton({ fabric: { id, name } }: { fabric: { id: string; name: string } }) {
  const dialog = useDialog();
  const toast = useToast();
  return (
    <>
      <Button size="sm" onClick={dialog.open}>
        Undo<span className="sr-only"> the deletion of {name}</span>
      </Button>
      <Dialog
        isOpen={dialog.isOpen}
        onClose={dialog.close}
        size="sm"
        title={`Undo the deletion of “${name}”?`}
        description="Its secrets, connections, destinations and settings are there again."
      >
        <ProtectedDialogForm
          resolver={resolver}
          defaultValues={{ name }}
          action={(input) => restoreFabricAction(id, input)}
          texts={texts}
          onOk={(_, input) => toast("Deletion undone", { description: input.name })}
          submitLabel="Undo deletion"
        >
          {({ register, formState: { errors } }) => (
            <>
              <p className="text-muted">
                Its pipeline tokens and trusted issuers do not come back. Create new ones for its pipelines.
              </p>
              <Field label="Name" error={errors.name?.message} isRequired>
                <Input {...register("name")} maxLength={128} />
              </Field>
            </>
          )}
        </ProtectedDialogForm>
      </Dialog>
    </>
  );
}
