"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { Pencil } from "lucide-react";
import { useForm } from "react-hook-form";
import { FabricFields } from "@/components/fabrics/fabric-fields";
import { FormError } from "@/components/form/form-error";
import { useActionForm } from "@/components/form/use-action-form";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogCancel, DialogFooter } from "@/components/ui/dialog";
import { useDialogGuard } from "@/components/ui/dialog-guard";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { updateFabricAction } from "@/lib/fabrics/actions";
import { type UpdateFabricInput, updateFabricInput } from "@/lib/fabrics/schema";

type Fabric = UpdateFabricInput & { id: string };

export function EditFabricButton({ fabric }: { fabric: Fabric }) {
  const dialog = useDialog();
  return (
    <>
      <Button icon={<Pencil aria-hidden />} onClick={dialog.open}>
        Edit
      </Button>
      <Dialog isOpen={dialog.isOpen} onClose={dialog.close} title="Edit fabric">
        <EditFabricForm fabric={fabric} onDone={dialog.close} />
      </Dialog>
    </>
  );
}

function EditFabricForm({ fabric, onDone }: { fabric: Fabric; onDone: () => void }) {
  const toast = useToast();
  const form = useForm({
    resolver: zodResolver(updateFabricInput),
    defaultValues: { name: fabric.name, description: fabric.description },
  });
  const { errors, isDirty, isSubmitting } = form.formState;
  const { submit, formError } = useActionForm(
    (input: UpdateFabricInput) => updateFabricAction(fabric.id, input),
    form,
    {
      onOk: () => {
        toast("Fabric saved");
        onDone();
      },
    },
  );
  useDialogGuard(isDirty);

  return (
    <form className="contents" onSubmit={submit} noValidate>
      <DialogBody>
        <FormError error={formError} />
        <FabricFields
          name={form.register("name")}
          description={form.register("description")}
          errors={errors}
        />
      </DialogBody>
      <DialogFooter>
        <DialogCancel />
        <Button type="submit" variant="primary" isPending={isSubmitting}>
          Save
        </Button>
      </DialogFooter>
    </form>
  );
}
